// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sessions of TLS that later connections go on with (RFC 8446, 2.2; RFC 5077): no certificates are sent and checked
// then, and TLS 1.2 saves a round trip. The same for libcurl's and libwebsockets' connections, of which both show the
// SSL_CTX and neither the SSL: a session is offered when OpenSSL says that a handshake begins. In memory only. One
// thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "aclk/net/session_shelf.h"

struct ssl_st;
struct ssl_ctx_st;

namespace aclk::net {

class TlsSessions {
 public:
  TlsSessions();
  ~TlsSessions();
  TlsSessions(const TlsSessions &) = delete;
  TlsSessions &operator=(const TlsSessions &) = delete;

  // Of one context; shared with it, and may go before or after.
  class Attachment {
   public:
    // Whom the next handshake is with: all that its verification depends on, so that a session which one peer gave is
    // never offered to another, nor to the same under other rules. "": nobody, nothing is offered or kept.
    std::string peer;
    // The handshake has ended well with a session that was taken up again: what was verified then still is. Called
    // within the handshake.
    std::function<void()> resumed;
  };
  // Sessions of the context's connections are kept, and offered. It takes the info callback of the context: whoever
  // needs that too sets its own after this and calls on_info() from it. nullptr: out of memory.
  [[nodiscard]] std::shared_ptr<Attachment> attach(ssl_ctx_st *ctx);
  static void on_info(const ssl_st *ssl, int where, int result);

  // Nothing of before is offered any more.
  void clear() { shelf_->clear(); }
  [[nodiscard]] std::size_t count(const std::string &peer) const { return shelf_->count(peer); }

 private:
  std::shared_ptr<SessionShelf> shelf_;  // contexts may outlive us, and forget then
};

}  // namespace aclk::net
