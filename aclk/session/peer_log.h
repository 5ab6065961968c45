// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a broker can make a link say, as often as it likes: the first lines of each kind in full, the others counted
// (loop/log_budget.h) and told with the next one that is written. Loop thread only.
#pragma once

#include <string_view>

#include "aclk/host/log.h"
#include "aclk/loop/log_budget.h"

namespace aclk::session {

class PeerLog {
 public:
  explicit PeerLog(const host::Log &log) : log_(log) {}

  // A PUBLISH while we leave.
  void shutting_down(loop::Instant now);
  // One on a topic that does not say what it is.
  void no_type(std::string_view topic, loop::Instant now);
  // PUBACK >= 0x80: with reason 0x97 (quota) and a resync, one for each message of thousands.
  void refused(std::string_view what, int reason, loop::Instant now);
  // Larger than what the server's CONNACK allows.
  void too_big(std::string_view what, loop::Instant now);

 private:
  // Each kind has its own: a flood of one must not hide another.
  using Budget = loop::LogBudget;
  static constexpr unsigned kLines = 20;
  static constexpr std::chrono::seconds kWindow{10};

  bool may(Budget &budget, std::string_view what, loop::Instant now);

  const host::Log &log_;
  Budget shutting_down_{kLines, kWindow};
  Budget no_type_{kLines, kWindow};
  Budget refused_{kLines, kWindow};
  Budget too_big_{kLines, kWindow};
};

}  // namespace aclk::session
