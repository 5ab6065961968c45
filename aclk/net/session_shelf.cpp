// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/session_shelf.h"

#include <algorithm>
#include <utility>

namespace aclk::net {

void SessionShelf::put(const std::string &peer, SharedSession session, std::int64_t now_s, std::int64_t until_s) {
  until_s = std::min(until_s, now_s + kLongestS);
  if (until_s <= now_s) return;
  if (!peers_.contains(peer) && peers_.size() >= kMostPeers)
    peers_.erase(std::ranges::min_element(peers_, {}, [](const auto &p) { return p.second.back().since_s; }));
  auto &kept = peers_[peer];
  kept.push_back({std::move(session), now_s, until_s});
  if (kept.size() > kMostOfPeer) kept.pop_front();
}

SharedSession SessionShelf::take(const std::string &peer, std::int64_t now_s) {
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return nullptr;
  auto &kept = it->second;
  // A clock that was set back makes a session no younger.
  std::erase_if(kept, [&](const Kept &k) { return k.until_s <= now_s || k.since_s > now_s; });
  SharedSession newest;
  if (!kept.empty()) {
    newest = std::move(kept.back().session);
    kept.pop_back();
  }
  if (kept.empty()) peers_.erase(it);
  return newest;
}

std::size_t SessionShelf::count(const std::string &peer) const {
  const auto it = peers_.find(peer);
  return it == peers_.end() ? 0 : it->second.size();
}

}  // namespace aclk::net
