// SPDX-License-Identifier: GPL-3.0-or-later
//
// One alert log out of what 2.x tells in pieces: /api/v2/alert_transitions has only what raised or cleared an alert,
// the database has everything but may not be readable, /api/v2/alerts has the last transition of what exists now
// (plugin-api/external/API.md, "Alerts of 2.x", "The agent's database"). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plugin-api/external/alerts/read_alerts_v1.h"
#include "plugin-api/external/alerts/read_alerts_v2.h"
#include "plugin-api/external/alerts/read_meta_db.h"

namespace aclk::external {

// With the database: what both have, each transition (same gi or same transition id) once. An `after` that no entry
// goes back to, or that lies more than 5 s behind or before what was written last, is of another log, or of this one
// before it was cut or the clock was set back: a gap. So is a reading to the end of a log that has more than is shown.
[[nodiscard]] LogReading merge_log(Transitions rest, DbLog db, std::uint64_t after, std::uint32_t limit);

// Adds to alerts as /api/v2/alerts tells them what only the database knows of their last transitions (same transition
// id): event id, old status and value, durations, delay, time zone.
void complete_alerts(std::vector<Alert> &alerts, const std::vector<Alert> &last);

// Without the database: knows the alerts of one node at the last reading, so that it can tell which have gone.
class AlertMemory {
 public:
  // rest: what /api/v2/alert_transitions gave for `after`. present: all alerts of the node now. epoch: changes when the
  // agent was away. linked: false = an agent that has just begun has not linked its alerts yet, so that one missing
  // from `present` says nothing.
  //
  // An alert that has gone gets one transition to REMOVED, without transition id, just above the newest log id known,
  // and the same one whenever it is asked for again; a last transition that `rest` does not show (to CLEAR,
  // UNINITIALIZED, UNDEFINED) is shown as its alert tells it. The first reading, and the first after the agent was
  // away, cannot know what has gone since `after`: a gap, unless after is 0. So is an `after` a minute above the clock.
  [[nodiscard]] LogReading read(Transitions rest, const std::vector<Alert> &present, std::uint64_t after,
                                std::uint32_t limit, unsigned epoch, bool linked, std::uint64_t now_s);
  // What is known gets too old: the database was read instead.
  void forget();

 private:
  void note_removed(const Transitions &rest, const std::vector<Alert> &present, std::uint64_t after,
                    std::uint64_t now_s);

  bool primed_ = false;
  unsigned epoch_ = 0;
  std::map<std::string, Alert> known_;  // by alert id
  std::vector<Alert> removed_;          // oldest first
};

}  // namespace aclk::external
