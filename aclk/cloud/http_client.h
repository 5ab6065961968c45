// SPDX-License-Identifier: GPL-3.0-or-later
//
// HTTPS requests on the loop, with libcurl's multi interface. Loop thread only; nothing blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aclk/transport/curl_multi.h"
#include "claim/base/result.h"
#include "claim/proxy.h"

namespace aclk::cloud {

// How a cloud is reached and trusted; the same for every leg.
struct Reach {
  claim::Proxy proxy;
  std::string trust_file;  // PEM, added to the system's store; empty = none
  bool insecure = false;   // no verification at all
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{30'000};
  std::size_t max_body = 4U << 20;
};

struct HttpResponse {
  int status = 0;
  std::string body;
  std::string date;         // header Date, empty if absent
  std::string retry_after;  // header Retry-After, empty if absent
  std::string address;      // "192.0.2.1:443", whom we really talked to
};

// Requests made through one client share its connections (TLS kept alive between requests to one host).
class HttpClient {
 public:
  HttpClient(transport::CurlMulti &multi, Reach reach);
  ~HttpClient();  // pending requests end without their callback
  HttpClient(const HttpClient &) = delete;
  HttpClient &operator=(const HttpClient &) = delete;

  // `done` is called exactly once, from the loop, never from inside start(). Errors: dns, tcp, proxy, tls, timeout,
  // too_big, parse; each sentence names host, address, proxy and what came back. Redirects are not followed.
  void start(HttpRequest request, std::function<void(Result<HttpResponse>)> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aclk::cloud
