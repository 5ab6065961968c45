// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_call.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <exception>
#include <string_view>

#include "claim/base/c_own.h"
#include "claim/claim_answer.h"
#include "claim/trust.h"

namespace aclk::claim {
namespace {

using Curl = COwn<CURL, curl_easy_cleanup>;
using Headers = COwn<curl_slist, curl_slist_free_all>;

// What the callbacks write to; lives as long as the call.
struct Exchange {
  const ClaimCall *call = nullptr;
  HttpAnswer answer;
  bool too_big = false;
  std::string trust_trouble;
  std::array<char, CURL_ERROR_SIZE> curl_says{};
};

std::size_t on_body(const char *data, std::size_t size, std::size_t count, void *user) {
  auto &x = *static_cast<Exchange *>(user);
  const auto n = size * count;
  if (n > kMaxAnswerBytes - x.answer.body.size()) {
    x.too_big = true;
    return 0;  // ends the transfer
  }
  try {
    x.answer.body.append(data, n);
  } catch (const std::exception &) {  // nothing may be thrown through curl
    return 0;
  }
  return n;
}

int on_progress(void *user, curl_off_t /*down*/, curl_off_t /*of*/, curl_off_t /*up*/, curl_off_t /*of*/) {
  const auto &call = *static_cast<Exchange *>(user)->call;
  try {
    return call.interrupted() ? 1 : 0;
  } catch (const std::exception &) {  // nothing may be thrown through curl
    return 1;
  }
}

CURLcode on_tls_context(CURL * /*curl*/, void *ssl_ctx, void *user) {
  auto &x = *static_cast<Exchange *>(user);
  const auto r = trust_system_and(ssl_ctx, x.call->trust_file);
  if (r) return CURLE_OK;
  x.trust_trouble = r.error().what;
  return CURLE_ABORTED_BY_CALLBACK;
}

Errc code_for(CURLcode c) {
  switch (c) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Errc::dns;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return Errc::proxy;
    case CURLE_OPERATION_TIMEDOUT:
      return Errc::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
      return Errc::tls;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_WEIRD_SERVER_REPLY:
      return Errc::parse;
    default:
      return Errc::tcp;
  }
}

void set_route(CURL *c, const Proxy &proxy) {
  // "" = no proxy at all, and none from the environment; the same for the exceptions.
  curl_easy_setopt(c, CURLOPT_PROXY, proxy.curl_url().c_str());
  curl_easy_setopt(c, CURLOPT_NOPROXY, "");
  if (proxy.speaks_http()) curl_easy_setopt(c, CURLOPT_HTTPPROXYTUNNEL, 1L);
  if (!proxy.has_credentials()) return;
  // libcurl percent-decodes both: "%41" in a password would go out as "A".
  const auto escape = [c](const std::string &s) {
    return COwn<char, curl_free>(curl_easy_escape(c, s.data(), static_cast<int>(s.size())));
  };
  const auto user = escape(proxy.user);
  const auto password = escape(proxy.password);
  curl_easy_setopt(c, CURLOPT_PROXYUSERNAME, user.get());
  curl_easy_setopt(c, CURLOPT_PROXYPASSWORD, password.get());
}

void set_tls(CURL *c, Exchange &x) {
  curl_easy_setopt(c, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, x.call->insecure ? 0L : 1L);
  curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, x.call->insecure ? 0L : 2L);
  if (x.call->proxy.kind == ProxyKind::https) {  // its own TLS, trusted as the cloud's
    curl_easy_setopt(c, CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(c, CURLOPT_PROXY_SSL_VERIFYPEER, x.call->insecure ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_PROXY_SSL_VERIFYHOST, x.call->insecure ? 0L : 2L);
    curl_easy_setopt(c, CURLOPT_PROXY_CAINFO, nullptr);
    curl_easy_setopt(c, CURLOPT_PROXY_CAPATH, nullptr);
  }
  if (x.call->insecure) return;
  // The store is ours: curl's own CAINFO would have to name one file, instead of the system's and one more.
  curl_easy_setopt(c, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(c, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, on_tls_context);
  curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, &x);
}

void set_request(CURL *c, const Exchange &x, const curl_slist *headers) {
  curl_easy_setopt(c, CURLOPT_URL, x.call->url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "PUT");
  curl_easy_setopt(c, CURLOPT_POSTFIELDS, x.call->body.c_str());
  curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(x.call->body.size()));
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(c, CURLOPT_USERAGENT, "netdata-aclk/" ACLK_VERSION);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, static_cast<long>(kClaimConnectTimeout.count()));
  curl_easy_setopt(c, CURLOPT_TIMEOUT, static_cast<long>(kClaimTimeout.count()));
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
}

Headers request_headers() {
  Headers list(curl_slist_append(nullptr, "Content-Type: application/json"));
  // No 100-continue: one round trip less, and some servers do not know it.
  if (auto *const more = list ? curl_slist_append(list.get(), "Expect:") : nullptr; more != nullptr) return list;
  return nullptr;
}

Error error_of(CURL *c, CURLcode code, const Exchange &x) {
  const auto &proxy = x.call->proxy;
  long proxy_status = 0;
  curl_easy_getinfo(c, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (proxy_status != 0 && proxy_status / 100 != 2)
    return {Errc::proxy, fmt::format("the proxy {} answered CONNECT with status {}{}", proxy.curl_url(), proxy_status,
                                     proxy_status == 407 ? " (it wants a user name and a password)" : "")};
  std::string what = x.curl_says.front() != '\0' ? x.curl_says.data() : curl_easy_strerror(code);
  if (!x.trust_trouble.empty()) what = x.trust_trouble;
  const char *peer = nullptr;
  curl_easy_getinfo(c, CURLINFO_PRIMARY_IP, &peer);
  if (peer != nullptr && *peer != '\0') what += fmt::format(" (connected to {})", peer);
  // Until there is a tunnel, all TLS is with the proxy.
  if (proxy.kind == ProxyKind::https && proxy_status == 0 && x.trust_trouble.empty() && code_for(code) == Errc::tls)
    return {Errc::proxy,
            fmt::format("TLS with the proxy {} failed: {}; this is {}, not the cloud", proxy.curl_url(), what,
                        code == CURLE_PEER_FAILED_VERIFICATION
                            ? "the proxy's own certificate (a CA of its own belongs into trusted.pem)"
                            : "the proxy (one that does not speak TLS itself is written http://)")};
  if (proxy.kind == ProxyKind::https && proxy_status == 0 && code == CURLE_OPERATION_TIMEDOUT)
    return {Errc::proxy,
            fmt::format("the proxy {} gave no tunnel in time: {}; does it speak TLS there?", proxy.curl_url(), what)};
  // With a proxy, the only connection made is the one to the proxy.
  if (code == CURLE_COULDNT_CONNECT && proxy.kind != ProxyKind::none) return {Errc::proxy, what};
  return {code_for(code), what};
}

}  // namespace

Result<HttpAnswer> put_with_curl(const ClaimCall &call) {
  const Curl curl(curl_easy_init());
  const auto headers = request_headers();
  if (!curl || !headers) return fail(Errc::unavailable, "libcurl cannot be started: out of memory");
  Exchange x;
  x.call = &call;
  auto *const c = curl.get();
  set_request(c, x, headers.get());
  set_route(c, call.proxy);
  set_tls(c, x);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x.curl_says.data());
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &x);

  if (call.interrupted) {
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, &x);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);  // do not wait for getaddrinfo
  }

  const auto code = curl_easy_perform(c);
  if (code != CURLE_OK && call.interrupted && call.interrupted())
    return fail(Errc::cancelled, "the request was given up");
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  x.answer.status = static_cast<int>(status);
  if (x.too_big) return fail(Errc::too_big, "the answer is too large");
  // To curl, as to HTTP, a 102 announces an answer that is still to come. When none comes, it is what the cloud said.
  if (code == CURLE_OK || status == 102) return std::move(x.answer);
  return tl::unexpected<Error>(error_of(c, code, x));
}

}  // namespace aclk::claim
