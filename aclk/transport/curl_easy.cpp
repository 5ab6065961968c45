// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/transport/curl_easy.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace aclk::transport {
namespace {

using EscapedText = COwn<char, curl_free>;

std::string via(const claim::Proxy &proxy) {
  return proxy.kind == claim::ProxyKind::none ? std::string() : fmt::format(" via proxy {}", proxy.display());
}

std::string seconds(std::chrono::milliseconds ms) {
  return fmt::format("{:g} s", std::chrono::duration<double>(ms).count());
}

// Said by the proxy itself, in the status line of its answer to CONNECT.
Error refused_by_proxy(long status, const Route &r) {
  const char *const advice = status == 407 || status == 401
                                 ? "give it a valid user name and password: http://user:password@host:port"
                                 : "it must allow CONNECT to this host and port";
  return {Errc::proxy,
          fmt::format("{}: the proxy {} answered with status {}; {}", r.host_port, r.proxy.display(), status, advice)};
}

// Of the host to connect to first: the proxy, if there is one.
bool looked_up(const CurlEasy &easy) { return easy.offset(CURLINFO_NAMELOOKUP_TIME_T) > 0; }

Error unknown_host(const std::string &why, const Route &r) {
  return {Errc::dns,
          fmt::format("{}: the name cannot be resolved: {}; check it and this machine's DNS", r.host_port, why)};
}

Error proxy_unknown(const std::string &why, const Route &r) {
  return {Errc::proxy,
          fmt::format("{}: the name of the proxy {} cannot be resolved: {}; check it and this machine's DNS",
                      r.host_port, r.proxy.display(), why)};
}

Error timed_out(const CurlEasy &easy, const Route &r) {
  const auto limit = seconds(r.connect_timeout);
  if (r.tls_begun)
    return {Errc::timeout, fmt::format("{}{}: connected, but no TLS handshake within {}; is it an HTTPS server?",
                                       r.host_port, via(r.proxy), limit)};
  if (!looked_up(easy))
    return {Errc::timeout, fmt::format("{}{}: no answer from DNS within {}; check this machine's resolvers",
                                       r.host_port, via(r.proxy), limit)};
  if (r.proxy.kind != claim::ProxyKind::none)
    return {Errc::timeout,
            fmt::format("{}: no tunnel through the proxy {} within {}; check its address, and that it may "
                        "connect there",
                        r.host_port, r.proxy.display(), limit)};
  return {Errc::timeout,
          fmt::format("{}: no connection within {}; check the address, firewall and network", r.host_port, limit)};
}

}  // namespace

CurlEasy::CurlEasy() : easy_(curl_easy_init()) {
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  // A name that is still being looked up is given up at once; without this the removal waits for getaddrinfo.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_TCP_NODELAY, 1L);
}

void CurlEasy::set_proxy(const claim::Proxy &proxy) {
  // "" = none, and none from the environment either; the same for the list of exceptions.
  set(CURLOPT_PROXY, proxy.curl_url().c_str());
  set(CURLOPT_NOPROXY, "");
  if (proxy.kind == claim::ProxyKind::none) return;
  if (proxy.kind == claim::ProxyKind::http) {
    set(CURLOPT_HTTPPROXYTUNNEL, 1L);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // our headers are not the proxy's business
    set(CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
  } else {
    set(CURLOPT_SOCKS5_AUTH, static_cast<long>(CURLAUTH_BASIC));  // none, or RFC 1929; no GSSAPI
  }
  if (!proxy.has_credentials()) return;
  // libcurl percent-decodes these two, although they are no part of a URL here.
  const auto escape = [this](const std::string &s) {
    return EscapedText(curl_easy_escape(easy_.get(), s.data(), static_cast<int>(s.size())));
  };
  const auto user = escape(proxy.user);
  const auto password = escape(proxy.password);
  set(CURLOPT_PROXYUSERNAME, user.get());
  set(CURLOPT_PROXYPASSWORD, password.get());
}

void CurlEasy::set_timeouts(std::chrono::milliseconds connect, std::chrono::milliseconds total) {
  // 0 would mean libcurl's own defaults, which are 5 minutes and for ever.
  using std::chrono::milliseconds;
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max(connect, milliseconds(1)).count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max(total, milliseconds(1)).count()));
}

long CurlEasy::number(CURLINFO info) const {
  long n = 0;
  if (easy_) curl_easy_getinfo(easy_.get(), info, &n);
  return n;
}

std::int64_t CurlEasy::offset(CURLINFO info) const {
  curl_off_t n = 0;
  if (easy_) curl_easy_getinfo(easy_.get(), info, &n);
  return n;
}

std::string CurlEasy::text(CURLINFO info) const {
  const char *s = nullptr;
  if (easy_) curl_easy_getinfo(easy_.get(), info, &s);
  return s == nullptr ? "" : s;
}

std::string CurlEasy::peer() const {
  const auto ip = text(CURLINFO_PRIMARY_IP);
  return ip.empty() ? ip : host_port(ip, static_cast<std::uint16_t>(number(CURLINFO_PRIMARY_PORT)));
}

std::string CurlEasy::trouble(CURLcode code) const {
  std::string s = error_.front() != '\0' ? error_.data() : curl_easy_strerror(code);
  if (const long os = number(CURLINFO_OS_ERRNO); os != 0)
    s = fmt::format("{} ({})", std::generic_category().message(static_cast<int>(os)), s);
  return s;
}

std::optional<Error> connect_error(const CurlEasy &easy, CURLcode code, const Route &r) {
  const bool proxied = r.proxy.kind != claim::ProxyKind::none;
  const auto why = easy.trouble(code);
  const long status = easy.number(CURLINFO_HTTP_CONNECTCODE);
  if (proxied && status != 0 && status / 100 != 2) return refused_by_proxy(status, r);
  const bool sent = easy.offset(CURLINFO_APPCONNECT_TIME_T) > 0 || easy.offset(CURLINFO_PRETRANSFER_TIME_T) > 0;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      if (proxied && !looked_up(easy)) return proxy_unknown(why, r);  // SOCKS: libcurl does not say whose name it was
      return unknown_host(why, r);
    case CURLE_COULDNT_RESOLVE_PROXY:
      return proxy_unknown(why, r);
    case CURLE_COULDNT_CONNECT:
      if (proxied)
        return Error{Errc::proxy, fmt::format("{}: cannot connect to the proxy {}: {}; check its address", r.host_port,
                                              r.proxy.display(), why)};
      return Error{Errc::tcp, fmt::format("{}: cannot connect: {}; check the address, and that a firewall lets this "
                                          "machine out",
                                          r.host_port, why)};
    case CURLE_PROXY:
      if (easy.number(CURLINFO_PROXY_ERROR) == CURLPX_RESOLVE_HOST) return unknown_host(why, r);  // socks5: done here
      return Error{Errc::proxy,
                   fmt::format("{}: the proxy {} did not connect: {}", r.host_port, r.proxy.display(), why)};
    case CURLE_OPERATION_TIMEDOUT:
      if (sent) return std::nullopt;
      return timed_out(easy, r);
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      if (!proxied || status != 0 || r.tls_begun || sent) return std::nullopt;
      return Error{Errc::proxy, fmt::format("{}: the proxy {} gave no tunnel: {}; is it an HTTP proxy?", r.host_port,
                                            r.proxy.display(), why)};
    default:
      return std::nullopt;
  }
}

std::string host_port(std::string_view host, std::uint16_t port) {
  return host.find(':') == std::string_view::npos ? fmt::format("{}:{}", host, port)
                                                  : fmt::format("[{}]:{}", host, port);
}

}  // namespace aclk::transport
