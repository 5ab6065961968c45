// SPDX-License-Identifier: GPL-3.0-or-later
//
// HTTPS requests on the loop, with libcurl's multi interface. Loop thread only; nothing blocks, but for loading the
// system's certificates at the first request of a connection (some 30 ms).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aclk/net/curl_multi.h"
#include "aclk/net/fault.h"
#include "aclk/net/reach_memory.h"
#include "claim/base/result.h"
#include "claim/proxy.h"

namespace aclk::net {

// How a cloud is reached and trusted; the same for every leg.
struct Reach {
  claim::Proxy proxy{};
  std::string trust_file{};                    // PEM, added to the system's store; empty = none
  bool insecure = false;                       // no verification at all
  std::shared_ptr<net::ReachMemory> memory{};  // nullptr: each connection begins anew
};

// The head is that of aclk/session/README.md, "HTTPS requests", and nothing else: `METHOD target HTTP/1.1`, `Host` (no
// port), `User-Agent`, `headers`, and Content-Length when there is a body or the method is POST.
struct HttpsRequest {
  std::string method = "GET";
  std::string url{};  // https only
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  // To have TCP and TLS; with a proxy, which may take its time, `timeout` holds for that too (claim/README.md,
  // "Proxy").
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{30'000};  // for all of it
  std::size_t max_body = 4U << 20;
};

struct HttpsResponse {
  int status = 0;
  std::string body;
  std::string date;         // header Date, empty if absent
  std::string retry_after;  // header Retry-After, empty if absent
  std::string address;      // "192.0.2.1:443", whom we really talked to
  // Of the connection; none when it was used again.
  net::TlsTrust trust = net::TlsTrust::none;
  net::TlsTrust proxy_trust = net::TlsTrust::none;
};

// Requests made through one client share its connections (TLS kept alive between requests to one host).
class HttpClient {
 public:
  HttpClient(net::CurlMulti &multi, Reach reach);  // the multi must outlive it
  ~HttpClient();  // pending requests end without their callback; idle connections are closed
  HttpClient(const HttpClient &) = delete;
  HttpClient &operator=(const HttpClient &) = delete;

  using Id = std::uint64_t;  // never 0

  // `done` is called exactly once, from the loop, never from inside start(), unless cancelled; it may destroy the
  // client. Errors: invalid_argument (the URL), dns, tcp, proxy, tls, timeout, io (the connection broke midway),
  // too_big (body over max_body, head over 64 KiB), parse (no HTTP/1.x answer, or one with contradictory lengths); each
  // sentence names host, address, proxy and what came back. Redirects are not followed. TLS 1.2 or newer; chain and
  // host name are verified unless `insecure`.
  Id start(HttpsRequest request, std::function<void(net::Reached<HttpsResponse>)> done);
  // Gives up without calling `done`. Does nothing if it has ended.
  void cancel(Id id);
  // Closes kept connections once nothing runs on the multi.
  void close_idle();
  [[nodiscard]] const Reach &reach() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aclk::net
