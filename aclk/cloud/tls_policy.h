// SPDX-License-Identifier: GPL-3.0-or-later
//
// TLS of an HTTPS request: whom to trust, and why somebody was not trusted.
#pragma once

#include <string>

#include "aclk/cloud/http_client.h"
#include "aclk/transport/curl_easy.h"

namespace aclk::cloud {

// Lives in the request, which outlives every handshake made for it.
class TlsPolicy {
 public:
  // Sets the handle's TLS options. `this` and `reach` must stay where they are until the request has ended.
  void apply(transport::CurlEasy &easy, const Reach &reach);

  [[nodiscard]] bool begun() const { return begun_; }  // false as well on a connection used again
  // A TLS error of libcurl as a sentence's second half: reason, subject, issuer, what to do. Empty if nothing is known
  // here that libcurl's own text does not say better.
  [[nodiscard]] std::string explain(CURLcode code) const;

 private:
  static CURLcode on_context(CURL *easy, void *ssl_ctx, void *self);

  const Reach *reach_ = nullptr;
  bool begun_ = false;
  std::string trust_trouble_;
  std::string reason_;  // OpenSSL's words for the first thing it did not like, with the depth
  std::string subject_;
  std::string issuer_;
  std::string names_;  // whom the certificate is for
};

}  // namespace aclk::cloud
