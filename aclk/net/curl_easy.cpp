// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/curl_easy.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <initializer_list>
#include <system_error>
#include <utility>

#include "aclk/net/curl_tls.h"
#include "claim/base/text.h"

namespace aclk::net {
namespace {

using EscapedText = COwn<char, curl_free>;

// A host with more addresses than this tells its story with these.
constexpr std::size_t kMaxTried = 6;
// For the body of a proxy's refusal.
constexpr int kBodyWaitMs = 20;

std::string address_text(const sockaddr &a) {
  std::array<char, INET6_ADDRSTRLEN> ip{};
  if (a.sa_family == AF_INET6) {
    const auto &v6 = reinterpret_cast<const sockaddr_in6 &>(a);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, ip.data(), ip.size());
    return host_port(ip.data(), ntohs(v6.sin6_port));
  }
  if (a.sa_family != AF_INET) return {};
  const auto &v4 = reinterpret_cast<const sockaddr_in &>(a);
  ::inet_ntop(AF_INET, &v4.sin_addr, ip.data(), ip.size());
  return host_port(ip.data(), ntohs(v4.sin_port));
}

std::string via(const claim::Proxy &proxy) {
  return proxy.kind == claim::ProxyKind::none ? std::string() : fmt::format(" via proxy {}", proxy.display());
}

std::string seconds(std::chrono::milliseconds ms) {
  return fmt::format("{:g} s", std::chrono::duration<double>(ms).count());
}

bool has_negotiate() { return (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_SPNEGO) != 0; }

// What to do about a proxy that wants to know who asks.
std::string login_advice(const ProxyAnswer &answer, const claim::Proxy &proxy) {
  const auto offered = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(answer.offers(), [&](const std::string &offer) {
      return std::ranges::any_of(names, [&](std::string_view n) { return iequals(offer, n); });
    });
  };
  if (answer.offers().empty() || offered({"Basic", "Digest", "NTLM"}))
    return fmt::format("give it a valid user name and password: {}://user:password@host:port",
                       proxy.kind == claim::ProxyKind::https ? "https" : "http");
  if (!offered({"Negotiate"}) || !has_negotiate())
    return "none of these is known here: whoever runs the proxy must let this machine in by its address, or offer "
           "Basic, Digest or NTLM";
  return proxy.has_credentials()
             ? "it takes no user name and password but a Kerberos ticket: take them out of the proxy setting, and give "
               "the agent's user a ticket (kinit, or KRB5_CLIENT_KTNAME)"
             : "give the agent's user a Kerberos ticket for it (kinit, or KRB5_CLIENT_KTNAME)";
}

// Said by the proxy itself, in its answer to CONNECT.
Fault refused_by_proxy(long status, const ProxyAnswer &answer, const Route &r) {
  const auto said = answer.text();
  auto what = fmt::format("{}: the proxy {} answered with status {}{}{}", r.host_port, r.proxy.display(), status,
                          said.empty() ? "" : ": ", said);
  if (!answer.offers().empty()) what += fmt::format(", and offers {}", fmt::join(answer.offers(), ", "));
  what += "; " + (status == 407 || status == 401 ? login_advice(answer, r.proxy)
                                                 : std::string("it must allow CONNECT to this host and port"));
  return {Error{Errc::proxy, std::move(what)}, Cause::proxy};
}

// Of the host to connect to first: the proxy, if there is one.
bool looked_up(const CurlEasy &easy) { return easy.offset(CURLINFO_NAMELOOKUP_TIME_T) > 0; }

Fault unknown_host(const std::string &why, const Route &r) {
  return {Error{Errc::dns, fmt::format("{}{}: the name cannot be resolved: {}; check it and this machine's DNS",
                                       r.host_port, via(r.proxy), why)},
          Cause::dns};
}

Fault proxy_unknown(const std::string &why, const Route &r) {
  return {Error{Errc::proxy,
                fmt::format("{}: the name of the proxy {} cannot be resolved: {}; check it and this machine's DNS",
                            r.host_port, r.proxy.display(), why)},
          Cause::proxy};
}

// Whatever there is of TCP and proxy has been passed.
bool tls_begun(const Route &r) { return r.tls != nullptr && r.tls->begun(); }

Fault timed_out(const CurlEasy &easy, const Route &r) {
  const auto limit = seconds(r.connect_timeout);
  const auto whom = where(r.host_port, easy.tried(), r.proxy);
  if (tls_begun(r))
    return {Error{Errc::timeout,
                  fmt::format("{}: connected, but no TLS handshake within {}; is it an HTTPS server?", whom, limit)},
            Cause::no_handshake};
  if (!looked_up(easy))
    return {Error{Errc::timeout,
                  fmt::format("{}: no answer from DNS within {}; check this machine's resolvers", whom, limit)},
            Cause::dns};
  if (r.proxy.kind != claim::ProxyKind::none)
    return {Error{Errc::timeout,
                  fmt::format(
                      "{}: no tunnel through the proxy within {}; check its address, {}and that it may connect there",
                      whom, limit, r.proxy.kind == claim::ProxyKind::https ? "that it speaks TLS, " : "")},
            Cause::proxy};
  return {Error{Errc::timeout,
                fmt::format("{}: no connection within {}; check the address, firewall and network", whom, limit)},
          Cause::timeout};
}

// What connect() or socket() said, of the host or of the proxy.
Fault not_connected(const CurlEasy &easy, const std::string &libcurl, const Route &r) {
  const bool proxied = r.proxy.kind != claim::ProxyKind::none;
  const auto whom = where(r.host_port, easy.tried(), r.proxy);
  const int os = static_cast<int>(easy.number(CURLINFO_OS_ERRNO));
  const int socket_os = easy.socket_errno();
  if (socket_os != 0)
    return {Error{Errc::tcp, fmt::format("{}: this machine gives no socket: {}; look at its limits on open files", whom,
                                         std::generic_category().message(socket_os))},
            Cause::no_socket};
  const auto why = os != 0 ? std::generic_category().message(os) : libcurl;
  if (proxied)
    return {Error{Errc::proxy, fmt::format("{}: cannot connect to the proxy: {}; check its address", whom, why)},
            Cause::proxy};
  switch (os) {
    case ECONNREFUSED:
      return {Error{Errc::tcp, fmt::format("{}: cannot connect: {}; check the address, and that a firewall lets this "
                                           "machine out",
                                           whom, why)},
              Cause::refused};
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
      return {
          Error{Errc::tcp, fmt::format("{}: cannot connect: {}; check this machine's network and routes", whom, why)},
          Cause::unreachable};
    case ETIMEDOUT:
      return {
          Error{Errc::tcp, fmt::format("{}: cannot connect: {}; check the address, firewall and network", whom, why)},
          Cause::timeout};
    default:
      return {Error{Errc::tcp, fmt::format("{}: cannot connect: {}; check the address, and that a firewall lets this "
                                           "machine out",
                                           whom, why)}};
  }
}

}  // namespace

std::string peer_of(int fd) {
  sockaddr_storage a{};
  socklen_t size = sizeof a;
  return ::getpeername(fd, reinterpret_cast<sockaddr *>(&a), &size) == 0
             ? address_text(reinterpret_cast<const sockaddr &>(a))
             : std::string();
}

CurlEasy::CurlEasy() : easy_(curl_easy_init()) {
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  // A name that is still being looked up is given up at once; without this the removal waits for getaddrinfo.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_OPENSOCKETFUNCTION, on_open);
  set(CURLOPT_OPENSOCKETDATA, this);
}

// As libcurl would do it, but remembering whom it was for.
curl_socket_t CurlEasy::on_open(void *self, curlsocktype /*purpose*/, curl_sockaddr *address) {
  auto &e = *static_cast<CurlEasy *>(self);
  e.tunnelling_ = e.proxy_kind_ == claim::ProxyKind::http || e.proxy_kind_ == claim::ProxyKind::https;
  auto text = address_text(address->addr);
  if (!e.order_.takes(text)) return CURL_SOCKET_BAD;
  if (e.tried_.size() < kMaxTried && !text.empty()) e.tried_.push_back(std::move(text));
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) {
    e.socket_errno_ = errno;
    return CURL_SOCKET_BAD;
  }
  e.opened_.push_back(fd);
  return fd;
}

std::string CurlEasy::tried() const { return fmt::format("{}", fmt::join(tried_, ", ")); }

std::size_t CurlEasy::on_head(const char *data, std::size_t size, std::size_t count, void *self) {
  auto &e = *static_cast<CurlEasy *>(self);
  const std::string_view line(data, size * count);
  try {
    if (!e.tunnelling_) return !e.head_reader_ || e.head_reader_(line) ? line.size() : 0;
    if (!e.proxy_answer_.take(line)) return line.size();
    e.note_connection();
    e.tunnelling_ = !e.proxy_answer_.granted();
    if (e.tunnelling_) e.read_proxy_body();
    return line.size();
  } catch (const std::exception &) {  // nothing may be thrown through libcurl
    return 0;
  }
}

// libcurl reads a proxy's answer byte by byte, and throws its body away: it is still with the kernel here, if it came
// in the same piece as the head, or comes at once. A moment's wait, and only on a way that has just been refused.
void CurlEasy::read_proxy_body() {
  if (proxy_kind_ != claim::ProxyKind::http || !proxy_answer_.has_body()) return;
  const int fd = connected_socket();
  if (fd < 0) return;
  pollfd ready{fd, POLLIN, 0};
  std::array<char, 4096> begin{};
  if (::poll(&ready, 1, kBodyWaitMs) <= 0) return;
  const auto n = ::recv(fd, begin.data(), begin.size(), MSG_PEEK | MSG_DONTWAIT);
  if (n > 0) proxy_answer_.take_body({begin.data(), static_cast<std::size_t>(n)});
}

// libcurl does not say before the tunnel is there. The last that was opened for this transfer and is connected, to the
// peer where that is known.
int CurlEasy::connected_socket() const {
  const auto whom = text(CURLINFO_PRIMARY_IP).empty() ? std::string() : peer();
  const auto leads_there = [&](int fd) {
    const auto there = peer_of(fd);
    return !there.empty() && (whom.empty() ? std::ranges::find(tried_, there) != tried_.end() : there == whom);
  };
  const auto it = std::find_if(opened_.rbegin(), opened_.rend(), leads_there);
  return it == opened_.rend() ? -1 : *it;
}

void CurlEasy::note_connection() {
  if (const int fd = connected_socket(); fd >= 0) connected_ = peer_of(fd);
}

void CurlEasy::read_head(std::function<bool(std::string_view line)> reader) {
  head_reader_ = std::move(reader);
  set(CURLOPT_HEADERFUNCTION, on_head);
  set(CURLOPT_HEADERDATA, this);
}

// User and password in the URL: there every libcurl percent-decodes them. Of its own options for the two 7.88 does, and
// 8.14 does not.
std::string CurlEasy::with_credentials(const claim::Proxy &proxy) const {
  auto url = proxy.curl_url();
  const auto begin = url.find("://");
  if (!proxy.has_credentials() || begin == std::string::npos) return url;
  const auto escape = [this](const std::string &s) {
    return EscapedText(curl_easy_escape(easy_.get(), s.data(), static_cast<int>(s.size())));
  };
  const auto user = escape(proxy.user);
  const auto password = escape(proxy.password);
  return url.insert(begin + 3, fmt::format("{}:{}@", user ? user.get() : "", password ? password.get() : ""));
}

void CurlEasy::set_proxy(const claim::Proxy &proxy) {
  // "" = none, and none from the environment either; the same for the list of exceptions.
  set(CURLOPT_PROXY, with_credentials(proxy).c_str());
  set(CURLOPT_NOPROXY, "");
  proxy_kind_ = proxy.kind;
  if (proxy.kind == claim::ProxyKind::none) return;
  if (proxy.speaks_http()) {
    set(CURLOPT_HTTPPROXYTUNNEL, 1L);
    set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // our headers are not the proxy's business
    set(CURLOPT_HEADERFUNCTION, on_head);
    set(CURLOPT_HEADERDATA, this);
    // With a single scheme libcurl would not ask first but send it at once; CURLAUTH_ONLY makes it two.
    constexpr unsigned long kWithPassword = CURLAUTH_BASIC | CURLAUTH_DIGEST | CURLAUTH_NTLM;
    constexpr unsigned long kWithTicket = CURLAUTH_NEGOTIATE | CURLAUTH_ONLY;
    const bool ticket = !proxy.has_credentials() && has_negotiate();
    set(CURLOPT_PROXYAUTH, static_cast<long>(ticket ? kWithTicket : kWithPassword));
    if (ticket) set(CURLOPT_PROXYUSERNAME, "");  // the ticket has the name; without this libcurl answers no question
  } else {
    set(CURLOPT_SOCKS5_AUTH, static_cast<long>(CURLAUTH_BASIC));  // none, or RFC 1929; no GSSAPI
  }
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
  // libcurl 8 knows it of a connection that is ready, up to its TLS, and not of one that is not yet, or never was.
  const auto ip = text(CURLINFO_PRIMARY_IP);
  return ip.empty() ? connected_ : host_port(ip, static_cast<std::uint16_t>(number(CURLINFO_PRIMARY_PORT)));
}

std::string CurlEasy::trouble(CURLcode code) const {
  std::string s = error_.front() != '\0' ? error_.data() : curl_easy_strerror(code);
  if (const long os = number(CURLINFO_OS_ERRNO); os != 0)
    s = fmt::format("{} ({})", std::generic_category().message(static_cast<int>(os)), s);
  return s;
}

std::optional<Fault> connect_error(const CurlEasy &easy, CURLcode code, const Route &r) {
  const bool proxied = r.proxy.kind != claim::ProxyKind::none;
  const auto why = easy.trouble(code);
  const auto whom = [&] { return where(r.host_port, easy.tried(), r.proxy); };
  const long status = easy.number(CURLINFO_HTTP_CONNECTCODE);
  if (proxied && status != 0 && status / 100 != 2) return refused_by_proxy(status, easy.proxy_answer(), r);
  // With an HTTPS proxy libcurl calls it APPCONNECT when TLS with the proxy is done.
  const bool sent = (r.proxy.kind != claim::ProxyKind::https && easy.offset(CURLINFO_APPCONNECT_TIME_T) > 0) ||
                    easy.offset(CURLINFO_PRETRANSFER_TIME_T) > 0;
  if (r.tls != nullptr)
    if (auto fault = r.tls->proxy_fault(code, why)) {
      fault->what = fmt::format("{}: TLS with the proxy {} failed: {}", r.host_port, r.proxy.display(), fault->what);
      return fault;
    }
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      if (proxied && !looked_up(easy)) return proxy_unknown(why, r);  // SOCKS: libcurl does not say whose name it was
      return unknown_host(why, r);
    case CURLE_COULDNT_RESOLVE_PROXY:
      return proxy_unknown(why, r);
    case CURLE_COULDNT_CONNECT:
      return not_connected(easy, why, r);
    case CURLE_PROXY:
      if (easy.number(CURLINFO_PROXY_ERROR) == CURLPX_RESOLVE_HOST) return unknown_host(why, r);  // socks5: done here
      return Fault{Error{Errc::proxy, fmt::format("{}: the proxy did not connect: {}; it must allow this host and port",
                                                  whom(), why)},
                   Cause::proxy};
    case CURLE_OPERATION_TIMEDOUT:
      if (sent) return std::nullopt;
      return timed_out(easy, r);
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      if (!proxied || status != 0 || tls_begun(r) || sent) return std::nullopt;
      return Fault{
          Error{Errc::proxy, fmt::format("{}: the proxy gave no tunnel: {}; is it an HTTP proxy?", whom(), why)},
          Cause::proxy};
    default:
      return std::nullopt;
  }
}

std::string where(std::string_view host_port, std::string_view address, const claim::Proxy &proxy) {
  const bool proxied = proxy.kind != claim::ProxyKind::none;
  const auto known = address.empty() || address == host_port ? std::string() : fmt::format(" ({})", address);
  // Through a proxy, the address is the proxy's.
  return proxied ? fmt::format("{} via proxy {}{}", host_port, proxy.display(), known)
                 : fmt::format("{}{}", host_port, known);
}

std::string connected_to(const std::string &host_port, const claim::Proxy &proxy) {
  return proxy.kind == claim::ProxyKind::none ? host_port : net::host_port(proxy.host, proxy.port);
}

std::string host_port(std::string_view host, std::uint16_t port) {
  return host.find(':') == std::string_view::npos ? fmt::format("{}:{}", host, port)
                                                  : fmt::format("[{}]:{}", host, port);
}

}  // namespace aclk::net
