// SPDX-License-Identifier: GPL-3.0-or-later
//
// Time as the link sees it: the two clocks, how fast time goes, and times that only rise. Deadlines and waits use the
// monotonic clock, messages carry the wall clock. Pure code takes both as arguments; only adapters call now() and
// wall_us(). Any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

namespace aclk::loop {

using Instant = std::chrono::steady_clock::time_point;

[[nodiscard]] inline Instant now() { return std::chrono::steady_clock::now(); }

// Microseconds since 1970 UTC.
[[nodiscard]] inline std::int64_t wall_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

// How fast time goes. It is as written, but in the programs of tests/time_scale: nobody waits there for minutes until a
// deadline has passed. No setting reaches it.
struct TimeScale {
  unsigned deadlines = 1;  // of requests, dialing, set-up and acknowledgements: divided by this; 1 or more
  unsigned pauses = 1;     // waits before attempts: the same
};

// Times that name things, and so must rise although the clock may be set back (aclk/sync/README.md, "Times that only
// rise").
//
// The next one after `last` (0: there was none): now, else one more than the last. A last one after which there is no
// number is damage, and forgotten.
[[nodiscard]] constexpr std::int64_t next_rising(std::int64_t now_us, std::int64_t last_us) {
  return last_us < std::numeric_limits<std::int64_t>::max() ? std::max(now_us, last_us + 1) : now_us;
}

}  // namespace aclk::loop
