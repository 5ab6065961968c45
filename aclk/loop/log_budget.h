// SPDX-License-Identifier: GPL-3.0-or-later
//
// A peer that sends nonsense as fast as it can must not fill the disk with log lines about it.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "aclk/loop/clock.h"

namespace aclk::loop {

// At most `per_window` subjects are logged in each window; the others are counted.
class LogBudget {
 public:
  LogBudget(unsigned per_window, std::chrono::seconds window) : per_window_(per_window), window_(window) {}

  // May this one be logged?
  [[nodiscard]] bool allow(Instant now) {
    if (now - begin_ >= window_) {
      begin_ = now;
      used_ = 0;
    }
    if (used_ < per_window_) {
      ++used_;
      return true;
    }
    ++silent_;
    return false;
  }
  // How many were not logged since this was last asked. To be logged with the next one that is.
  [[nodiscard]] std::uint64_t take_silent() { return std::exchange(silent_, 0); }

 private:
  unsigned per_window_;
  std::chrono::seconds window_;
  Instant begin_{};
  unsigned used_ = 0;
  std::uint64_t silent_ = 0;
};

}  // namespace aclk::loop
