// SPDX-License-Identifier: GPL-3.0-or-later
//
// TLS of an HTTPS request: whom to trust, and why somebody was not trusted.
#pragma once

#include <optional>
#include <string>

#include "aclk/cloud/http_client.h"
#include "aclk/transport/curl_easy.h"
#include "aclk/transport/fault.h"
#include "aclk/transport/tls_fault.h"

namespace aclk::cloud {

// Lives in the request, which outlives every handshake made for it.
class TlsPolicy {
 public:
  // Sets the handle's TLS options. `this` and `reach` must stay where they are until the request has ended.
  void apply(transport::CurlEasy &easy, const Reach &reach, std::string host);

  [[nodiscard]] bool begun() const { return begun_; }  // false as well on a connection used again
  // A TLS error of libcurl: the true cause, and a sentence's second half. `libcurl` is its own text, used when nothing
  // better is known here.
  [[nodiscard]] transport::Fault explain(CURLcode code, const std::string &libcurl) const;

 private:
  static CURLcode on_context(CURL *easy, void *ssl_ctx, void *self);

  const Reach *reach_ = nullptr;
  std::string host_;
  bool begun_ = false;
  std::string trust_trouble_;
  std::optional<transport::VerifyOutcome> refused_;  // the certificate, and why
};

}  // namespace aclk::cloud
