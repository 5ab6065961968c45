// SPDX-License-Identifier: GPL-3.0-or-later
//
// How many of the cloud's queries the agent is given at once, by how fast it answers. It computes in its few web
// threads (plugin-api/external/README.md, "Queries at the same time"): quick queries side by side cost its own users
// nothing, while slow ones in all threads leave them none. One more is tried with each round of quick answers, and the
// half taken away when one was slow; while a slow one is under way no more are given than leave a thread free.
//
// Pure; the clock is the caller's.
#pragma once

#include <algorithm>
#include <chrono>
#include <set>

namespace aclk::external {

class InFlightLimit {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kQuick{50};  // or less: there is room for more
  static constexpr std::chrono::milliseconds kSlow{200};  // or more: somebody may be waiting behind it
  static constexpr std::chrono::seconds kIdle{10};        // after which what was learnt holds no longer

  // `safe`: what leaves the agent a thread of its own, however slow they are; at least 1. `most`: never more.
  InFlightLimit(unsigned safe, unsigned most)
      : safe_(std::max(safe, 1U)), most_(std::max(most, safe_)), limit_(safe_) {}

  // May one more be asked?
  [[nodiscard]] bool has_room(Instant now) const { return began_.size() < allowed(now); }
  void began(Instant now);
  // The agent's work on one that began then is over.
  void ended(Instant began, Instant now);

  [[nodiscard]] unsigned allowed(Instant now) const;
  [[nodiscard]] std::size_t in_flight() const { return began_.size(); }

 private:
  const unsigned safe_;
  const unsigned most_;
  double limit_;
  std::multiset<Instant> began_;
  Instant last_cut_ = Instant::min();
  Instant last_ended_ = Instant::min();
};

}  // namespace aclk::external
