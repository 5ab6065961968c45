// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sessions of TLS that later connections go on with (RFC 8446, 2.2; RFC 5077): no certificates are sent and checked
// then, and TLS 1.2 saves a round trip. The same for libcurl's and libwebsockets' connections, of which both show the
// SSL_CTX and neither the SSL: a session is offered when OpenSSL says that a handshake begins. In memory only. One
// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

struct ssl_session_st;

struct ssl_st;
struct ssl_ctx_st;

namespace aclk::net {

// Which session of TLS a connection may go on with: those of the same peer only, the newest first, none for too long,
// and none twice that is for one use. Pure: OpenSSL has no part in it, but for what is kept.

using SharedSession = std::shared_ptr<ssl_session_st>;

class SessionShelf {
 public:
  // Of one peer: a server gives two at a time, and as many connections may be made side by side.
  static constexpr std::size_t kMostOfPeer = 4;
  static constexpr std::size_t kMostPeers = 16;
  // However long the server would have it: after a day the server's certificate is looked at again.
  static constexpr std::int64_t kLongestS = 86'400;

  // now_s, until_s: epoch. A session that is over by then is not kept. Of too many the oldest go.
  void put(const std::string &peer, SharedSession session, std::int64_t now_s, std::int64_t until_s);
  // The newest; nullptr: none. It is off the shelf: who may use it again puts it back.
  [[nodiscard]] SharedSession take(const std::string &peer, std::int64_t now_s);
  void drop(const std::string &peer) { peers_.erase(peer); }
  void clear() { peers_.clear(); }
  [[nodiscard]] std::size_t count(const std::string &peer) const;

 private:
  struct Kept {
    SharedSession session;
    std::int64_t since_s = 0;
    std::int64_t until_s = 0;
  };
  std::map<std::string, std::deque<Kept>> peers_;  // oldest first
};

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
