// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whom TLS connections trust, the same for the cloud, its broker and an HTTPS proxy on the way; and what the
// connections of one link remember of those before, so that a reconnect is cheaper than the first: the store of CAs,
// the addresses that worked, sessions of TLS. In memory only; gone with the link, and so with its identity and its
// settings. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "claim/base/result.h"
#include "claim/proxy.h"
#include "claim/trust.h"

// OpenSSL's SSL_SESSION, SSL and SSL_CTX, without its headers.
struct ssl_session_st;
struct ssl_st;
struct ssl_ctx_st;

namespace aclk::net {

// What became of trust in a handshake.
enum class TlsTrust : std::uint8_t {
  none,        // no TLS, or no handshake
  unverified,  // anybody could be there: insecure
  verified,    // chain and host name
};

class ReachMemory;

// Whom to trust.
struct TlsPolicy {
  std::string trust_file;                 // PEM, added to the system's store; empty = none
  bool insecure = false;                  // no verification at all
  std::shared_ptr<ReachMemory> memory{};  // nullptr: each connection begins anew
};

// Which of a host's addresses is tried first: the one that worked last. Whether it still is an address of the host only
// libcurl knows, which asks about each when it is about to try it. So the others are let pass until that one has come;
// libcurl's own order, and its race of the two families, hold for those after it. If nothing came of it, all are tried
// in libcurl's order. Pure.
class AddressOrder {
 public:
  AddressOrder() = default;
  // "192.0.2.1:443"; "" = any is as good.
  explicit AddressOrder(std::string first) : first_(std::move(first)) {}

  // Is this one to be tried now?
  [[nodiscard]] bool takes(const std::string &address);
  // No connection was made. True: some were let pass; they are next, with no preference any more.
  [[nodiscard]] bool again();

 private:
  std::string first_;
  bool passed_ = false;  // any, so far
};

// The address that worked last, by what was connected to ("host:port", of the proxy if there is one).
class GoodAddresses {
 public:
  static constexpr std::size_t kMost = 16;

  void worked(const std::string &host_port, const std::string &address);
  // Whatever it was: the next attempt has no favourite.
  void failed(const std::string &host_port) { good_.erase(host_port); }
  [[nodiscard]] std::string of(const std::string &host_port) const;

 private:
  std::map<std::string, std::string> good_;
};

using SharedSession = std::shared_ptr<ssl_session_st>;

// Which session of TLS a connection may go on with: those of the same peer only, the newest first, none for too long,
// and none twice that is for one use. Pure: OpenSSL has no part in it, but for what is kept.
class SessionCache {
 public:
  // Of one peer: a server gives two at a time, and as many connections may be made side by side.
  static constexpr std::size_t kMostOfPeer = 4;
  static constexpr std::size_t kMostPeers = 16;
  // However long the server would have it: after a day the server's certificate is looked at again.
  static constexpr std::int64_t kLongestS = 86'400;

  // now_s, until_s: epoch. A session that is over by then is not kept. Of too many the oldest go.
  void put(const std::string &peer, SharedSession session, std::int64_t now_s, std::int64_t until_s);
  // The newest; nullptr: none. It is taken out: who may use it again puts it back.
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

// Sessions of TLS that later connections go on with (RFC 8446, 2.2; RFC 5077): no certificates are sent and checked
// then, and TLS 1.2 saves a round trip. The same for libcurl's and libwebsockets' connections, of which both show the
// SSL_CTX and neither the SSL: a session is offered when OpenSSL says that a handshake begins.
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
  void clear() { cache_->clear(); }
  [[nodiscard]] std::size_t count(const std::string &peer) const { return cache_->count(peer); }

 private:
  std::shared_ptr<SessionCache> cache_;  // contexts may outlive us, and forget then
};

// All that one link remembers.
class ReachMemory {
 public:
  // claim::TrustCache::give(). When other CAs are trusted than before, no session of before is offered any more.
  [[nodiscard]] Result<void> trust(ssl_ctx_st *ctx, const std::string &trust_file);
  [[nodiscard]] TlsSessions &sessions() { return sessions_; }
  [[nodiscard]] GoodAddresses &addresses() { return addresses_; }

 private:
  claim::TrustCache trust_;
  TlsSessions sessions_;
  GoodAddresses addresses_;
};

// Whom TLS is spoken with, and all that decides whether it is believed: the text that sessions are kept under
// (TlsSessions::Attachment), behind a word for the library that verifies: neither believes the other's verdict. `via`:
// the proxy in between; none when the peer is the proxy itself.
[[nodiscard]] std::string session_peer(std::string_view host_port, const TlsPolicy &policy, const claim::Proxy &via);

}  // namespace aclk::net
