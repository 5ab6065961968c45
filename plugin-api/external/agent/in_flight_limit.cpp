// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/in_flight_limit.h"

namespace aclk::external {

unsigned InFlightLimit::allowed(Instant now) const {
  const bool slow = !began_.empty() && now - *began_.begin() >= kSlow;
  return slow ? safe_ : static_cast<unsigned>(limit_);
}

void InFlightLimit::began(Instant now) {
  if (began_.empty() && last_ended_ != Instant::min() && now - last_ended_ >= kIdle) limit_ = safe_;
  began_.insert(now);
}

void InFlightLimit::ended(Instant began, Instant now) {
  const auto it = began_.find(began);
  if (it == began_.end()) return;
  const bool was_full = began_.size() >= static_cast<unsigned>(limit_);
  began_.erase(it);
  last_ended_ = now;
  if (now - began >= kSlow) {
    // Once for all that were under way together.
    if (began < last_cut_) return;
    last_cut_ = now;
    limit_ = std::max<double>(safe_, limit_ / 2);
  } else if (now - began <= kQuick && was_full) {
    limit_ = std::min<double>(most_, limit_ + 1 / limit_);
  }
}

}  // namespace aclk::external
