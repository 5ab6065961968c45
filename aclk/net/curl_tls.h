// SPDX-License-Identifier: GPL-3.0-or-later
//
// TLS of a libcurl transfer, with the target and, inside or without that, with an HTTPS proxy: whom to trust, and why
// somebody was not trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "aclk/net/curl_easy.h"
#include "aclk/net/fault.h"
#include "aclk/net/reach_memory.h"

struct ssl_ctx_st;

namespace aclk::net {

// Lives as long as the transfer, which outlives every handshake made for it; does not move meanwhile.
class CurlTls {
 public:
  CurlTls() = default;
  ~CurlTls() = default;
  CurlTls(const CurlTls &) = delete;  // libcurl keeps pointers into it
  CurlTls &operator=(const CurlTls &) = delete;

  // Sets the handle's TLS options. host: the target's; "" = the target's TLS, if it has any, is none of libcurl's.
  void apply(CurlEasy &easy, TlsPolicy policy, const claim::Proxy &proxy, std::string host, std::uint16_t port);

  // With the target; false as well on a connection used again.
  [[nodiscard]] bool begun() const { return target_.begun; }
  // Of the handshakes made for this transfer; none on a connection used again.
  [[nodiscard]] TlsTrust target_trust() const { return target_.trust; }
  [[nodiscard]] TlsTrust proxy_trust() const { return proxy_.trust; }
  // A TLS error of libcurl with the target: the true cause, and a sentence's second half. `libcurl` is its own text,
  // used when nothing better is known here.
  [[nodiscard]] Fault explain(CURLcode code, const std::string &libcurl) const;
  // The same when it was with the proxy; nullopt when it was not, or `code` is no TLS error.
  [[nodiscard]] std::optional<Fault> proxy_fault(CURLcode code, const std::string &libcurl) const;

 private:
  // One of the two that may be spoken TLS with.
  struct Side {
    std::string host{};
    bool is_proxy = false;
    std::string peer{};  // that sessions are kept under
    bool begun = false;
    TlsTrust trust = TlsTrust::none;
    std::optional<VerifyOutcome> refused{};  // the certificate, and why
  };
  static CURLcode on_context(CURL *easy, void *ssl_ctx, void *self);
  CURLcode prepare(void *ssl_ctx, Side &side);
  [[nodiscard]] bool remember(ssl_ctx_st *ctx, Side &side);

  CurlEasy *easy_ = nullptr;  // the transfer's
  TlsPolicy policy_;
  Side proxy_{.is_proxy = true};
  Side target_{};
  std::string trust_trouble_;
};

// Is it about TLS at all?
[[nodiscard]] bool is_tls_error(CURLcode code);

}  // namespace aclk::net
