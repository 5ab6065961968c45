// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/handshake.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <system_error>

#include "aclk/net/tls_fault.h"
#include "aclk/net/tls_sessions.h"
#include "claim/base/text.h"

namespace aclk::net {
namespace {

// Where a SSL_CTX keeps its watch; libwebsockets has indexes of its own.
int index() {
  static const int i = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return i;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view w) { return text.find(w) != std::string_view::npos; });
}

}  // namespace

bool HandshakeWatch::attach(SSL_CTX *ctx) {
  if (SSL_CTX_set_ex_data(ctx, index(), this) != 1) return false;
  SSL_CTX_set_info_callback(ctx, on_info);
  return true;
}

void HandshakeWatch::on_info(const SSL *ssl, int where, int result) {
  const int error = errno;
  TlsSessions::on_info(ssl, where, result);
  auto *const self = static_cast<HandshakeWatch *>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), index()));
  if (self == nullptr) return;
  if ((where & SSL_CB_HANDSHAKE_START) != 0) self->begun_ = true;
  if ((where & SSL_CB_EXIT) == 0 || (where & SSL_ST_CONNECT) == 0 || result > 0) return;
  if (const auto e = ERR_peek_last_error(); e != 0) {
    if (ERR_SYSTEM_ERROR(e)) {
      self->reason_ = std::generic_category().message(ERR_GET_REASON(e));
    } else if (const char *const words = ERR_reason_error_string(e); words != nullptr) {
      self->reason_ = words;
    } else {
      std::array<char, 128> text{};
      ERR_error_string_n(e, text.data(), text.size());
      self->reason_ = text.data();
    }
  } else if (error == ECONNRESET || error == EPIPE || error == ETIMEDOUT) {
    self->reason_ = std::generic_category().message(error);
  }
}

std::string explain_handshake(std::string_view reason) {
  const auto words = printable(reason, 200);
  if (has_any(reason, {"wrong version number", "packet length too long", "http request", "not ssl", "record layer"}))
    return fmt::format(
        "what answers there is no TLS ({}); is it the right port, and does nothing on the way answer in "
        "its place?",
        words);
  if (has_any(reason, {"unsupported protocol", "protocol version", "version too low", "inappropriate fallback"}))
    return fmt::format("the server speaks no TLS 1.2 or newer ({}); whoever runs it must update it", words);
  if (has_any(reason, {"handshake failure", "insufficient security", "no shared cipher"}))
    return fmt::format(
        "the server refused the handshake ({}): it takes none of our ciphers, or wants a certificate "
        "of ours; something on the way may be in its place",
        words);
  if (has_any(reason, {"reset"}))
    return "the connection was reset in the middle of the TLS handshake; a firewall or proxy on the way may do that, "
           "or the server is restarting";
  if (reason.empty() || has_any(reason, {"unexpected eof", "SSL_ERROR_SYSCALL", "shutdown"}))
    return "the connection was closed in the middle of the TLS handshake; a firewall or proxy on the way may do that, "
           "or the server is restarting";
  return fmt::format(
      "{}; is it a server that speaks TLS 1.2 or newer, and does nothing on the way change what it says?", words);
}

}  // namespace aclk::net
