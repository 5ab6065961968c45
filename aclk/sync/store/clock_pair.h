// SPDX-License-Identifier: GPL-3.0-or-later
//
// Now, on both clocks: waits go by the monotonic one, messages carry the wall clock.
#pragma once

#include <cstdint>
#include <optional>

#include "aclk/loop/clock.h"

namespace aclk::sync {

struct ClockPair {
  loop::Instant at;
  std::int64_t wall_us = 0;

  [[nodiscard]] std::int64_t wall_s() const { return wall_us / 1'000'000; }
};

[[nodiscard]] inline ClockPair moment() { return {loop::now(), loop::wall_us()}; }

// The earlier of both; `due` may be none yet.
inline void sooner(std::optional<loop::Instant> &due, loop::Instant at) {
  if (!due || at < *due) due = at;
}

}  // namespace aclk::sync
