// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/claim_put.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstddef>
#include <exception>

#include "aclk/net/curl_easy.h"
#include "aclk/net/curl_tls.h"
#include "claim/base/c_own.h"
#include "claim/base/url.h"
#include "claim/claim_request.h"

namespace aclk::net {
namespace {

using Headers = COwn<curl_slist, curl_slist_free_all>;

// What the callbacks write to; lives as long as the call.
struct PutTransfer {
  const claim::ClaimCall *call = nullptr;
  std::string target;  // host:port
  claim::HttpAnswer answer;
  bool too_big = false;
  CurlTls tls;
  CurlEasy easy;  // last: freed before what it points to
};

std::size_t on_body(const char *data, std::size_t size, std::size_t count, void *user) {
  auto &x = *static_cast<PutTransfer *>(user);
  const auto n = size * count;
  if (n > claim::kMaxAnswerBytes - x.answer.body.size()) {
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
  const auto &call = *static_cast<PutTransfer *>(user)->call;
  try {
    return call.interrupted() ? 1 : 0;
  } catch (const std::exception &) {  // nothing may be thrown through curl
    return 1;
  }
}

void set_request(PutTransfer &x, const curl_slist *headers) {
  auto &e = x.easy;
  e.set(CURLOPT_URL, x.call->url.c_str());
  e.set(CURLOPT_PROTOCOLS_STR, "http,https");
  e.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  e.set(CURLOPT_CUSTOMREQUEST, "PUT");
  e.set(CURLOPT_POSTFIELDS, x.call->body.c_str());
  e.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(x.call->body.size()));
  e.set(CURLOPT_HTTPHEADER, headers);
  e.set(CURLOPT_USERAGENT, "netdata-aclk/" ACLK_VERSION);
  e.set(CURLOPT_WRITEFUNCTION, on_body);
  e.set(CURLOPT_WRITEDATA, &x);
  e.set_timeouts(claim::kClaimConnectTimeout, claim::kClaimTimeout);
  if (!x.call->interrupted) return;
  e.set(CURLOPT_XFERINFOFUNCTION, on_progress);
  e.set(CURLOPT_XFERINFODATA, &x);
  e.set(CURLOPT_NOPROGRESS, 0L);
}

Headers request_headers() {
  Headers list(curl_slist_append(nullptr, "Content-Type: application/json"));
  // No 100-continue: one round trip less, and some servers do not know it.
  if (auto *const more = list ? curl_slist_append(list.get(), "Expect:") : nullptr; more != nullptr) return list;
  return nullptr;
}

Error error_of(CURLcode code, const PutTransfer &x) {
  const auto &proxy = x.call->proxy;
  if (const auto fault = connect_error(x.easy, code, {x.target, proxy, claim::kClaimConnectTimeout, &x.tls}))
    return fault->error();
  const auto why = x.easy.trouble(code);
  const auto whom = where(x.target, x.easy.peer(), proxy);
  if (is_tls_error(code))
    return {Errc::tls, fmt::format("{}: TLS (SSL) failed: {}", whom, x.tls.explain(code, why).what)};
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {Errc::timeout, fmt::format("{}: no complete answer within {} s", whom,
                                         std::chrono::seconds(claim::kClaimTimeout).count())};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return {Errc::parse, fmt::format("{}: the answer is not HTTP/1.1: {}", whom, why)};
    case CURLE_URL_MALFORMAT:
      return {Errc::parse, fmt::format("{}: {}", x.target, x.easy.refused() ? "out of memory" : why)};
    default:
      return {Errc::tcp, fmt::format("{}: the connection broke: {}", whom, why)};
  }
}

}  // namespace

Result<claim::HttpAnswer> put_claim(const claim::ClaimCall &call) {
  const auto url = parse_url(call.url);
  if (!url) return tl::unexpected<Error>(url.error());
  const auto headers = request_headers();
  PutTransfer x;
  if (x.easy.get() == nullptr || !headers) return fail(Errc::unavailable, "libcurl cannot be started: out of memory");
  x.call = &call;
  x.target = host_port(url->host, url->port);
  set_request(x, headers.get());
  x.easy.set_proxy(call.proxy);
  x.tls.apply(x.easy, {call.trust_file, call.insecure}, call.proxy, url->host, url->port);

  const auto code = curl_easy_perform(x.easy.get());
  if (code != CURLE_OK && call.interrupted && call.interrupted())
    return fail(Errc::cancelled, "the request was given up");
  x.answer.status = static_cast<int>(x.easy.number(CURLINFO_RESPONSE_CODE));
  if (x.too_big) return fail(Errc::too_big, "the answer is too large");
  // To curl, as to HTTP, a 102 announces an answer that is still to come. When none comes, it is what the cloud said.
  if (code == CURLE_OK || x.answer.status == 102) return std::move(x.answer);
  return tl::unexpected<Error>(error_of(code, x));
}

}  // namespace aclk::net
