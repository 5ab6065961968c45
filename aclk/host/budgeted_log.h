// SPDX-License-Identifier: GPL-3.0-or-later
//
// Lines that a peer can cause as often as it likes: the first of each window are written, the others counted
// (claim/base/log_budget.h) and named with the next one that is written. One thread.
#pragma once

#include <chrono>
#include <string_view>

#include "aclk/host/log.h"
#include "aclk/loop/clock.h"
#include "claim/base/log_budget.h"

namespace aclk::host {

class BudgetedLog {
 public:
  static constexpr unsigned kLines = 20;
  static constexpr std::chrono::seconds kWindow{10};

  // `what` in the plural, with static storage: "12 more WHAT were not logged".
  BudgetedLog(const Log &log, std::string_view what, unsigned lines = kLines)
      : log_(log), what_(what), budget_(lines, kWindow) {}

  // May this one be written? Says first how many were not.
  [[nodiscard]] bool allow(loop::Instant now) {
    if (!budget_.allow(now)) return false;
    if (const auto silent = budget_.take_silent(); silent > 0) log_.error("{} more {} were not logged", silent, what_);
    return true;
  }

 private:
  const Log &log_;
  std::string_view what_;
  LogBudget budget_;
};

}  // namespace aclk::host
