// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why a TLS handshake failed when it was not the certificate (that is tls_fault.h). libwebsockets has no words for it:
// it prints the number of SSL_get_error() as if it were an error code.
#pragma once

#include <string>
#include <string_view>

// OpenSSL's SSL and SSL_CTX, without its headers.
struct ssl_st;
struct ssl_ctx_st;

namespace aclk::net {

// Listens to the handshakes of one SSL_CTX; must outlive it. One handshake at a time. Attached after TlsSessions, which
// hear of them through it.
class HandshakeWatch {
 public:
  // False: out of memory.
  [[nodiscard]] bool attach(ssl_ctx_st *ctx);
  void forget() {
    begun_ = false;
    reason_.clear();
  }
  // There was one since forget().
  [[nodiscard]] bool begun() const { return begun_; }
  // OpenSSL's or the system's words about the last failure since forget(); empty if there was none.
  [[nodiscard]] const std::string &reason() const { return reason_; }

 private:
  static void on_info(const ssl_st *ssl, int where, int result);
  bool begun_ = false;
  std::string reason_;
};

// A clause for users: what it means and what to do. `reason`: of OpenSSL, the system, or libcurl; "" means that the
// connection ended and nobody said more.
[[nodiscard]] std::string explain_handshake(std::string_view reason);

}  // namespace aclk::net
