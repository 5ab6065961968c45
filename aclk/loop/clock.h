// SPDX-License-Identifier: GPL-3.0-or-later
//
// The two clocks. Deadlines and waits use the monotonic one, messages carry the wall clock. Pure code takes them as
// arguments; only adapters call these.
#pragma once

#include <chrono>
#include <cstdint>

namespace aclk::loop {

using Instant = std::chrono::steady_clock::time_point;

[[nodiscard]] inline Instant now() { return std::chrono::steady_clock::now(); }

// Microseconds since 1970 UTC.
[[nodiscard]] inline std::int64_t wall_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace aclk::loop
