// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long to wait before an attempt: truncated binary exponential with jitter (protocol.md 7). Pure.
#pragma once

#include <chrono>
#include <cstdint>

namespace aclk::cloud {

struct BackoffLimits {
  std::uint32_t base = 2;
  std::uint32_t min_s = 0;
  std::uint32_t max_s = 1024;  // delays are never above 300 s, whatever this says
};

class Backoff {
 public:
  void set_limits(const BackoffLimits &limits) { limits_ = limits; }
  // The wait before the next attempt; counts it. `jitter` in [0, 1). The first one after construction or reset is 0.
  [[nodiscard]] std::chrono::milliseconds next(double jitter);
  void reset() { attempts_ = 0; }

 private:
  BackoffLimits limits_;
  std::uint32_t attempts_ = 0;
};

}  // namespace aclk::cloud
