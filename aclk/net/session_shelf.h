// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which session of TLS a connection may go on with: those of the same peer only, the newest first, none for too long,
// and none twice that is for one use. Pure: OpenSSL has no part in it, but for what is kept.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

struct ssl_session_st;

namespace aclk::net {

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

}  // namespace aclk::net
