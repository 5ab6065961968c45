// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a broker can make a link say, as often as it likes (host/budgeted_log.h). Loop thread only.
#pragma once

#include <string_view>

#include "aclk/host/budgeted_log.h"

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
  const host::Log &log_;
  // Each kind has its own: a flood of one must not hide another.
  host::BudgetedLog shutting_down_{log_, "messages that came while shutting down"};
  host::BudgetedLog no_type_{log_, "messages of no type"};
  host::BudgetedLog refused_{log_, "messages that the broker does not take"};
  host::BudgetedLog too_big_{log_, "messages too big for the server"};
};

}  // namespace aclk::session
