// SPDX-License-Identifier: GPL-3.0-or-later
//
// Alerts as 2.x tells them: /api/v2/alert_transitions and /api/v2/alerts (plugin-api/external/API.md, "Alerts of 2.x").
// /api/v1/alarm_log is broken there.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugin-api/external/alerts/alert_definitions.h"
#include "plugin-api/external/alerts/read_alerts_v1.h"
#include "plugin-api/external/alerts/read_meta_db.h"
#include "plugin-api/external/json/values.h"

namespace aclk::external {

// chart id/name: the same in the transitions and in the instances, over restarts and over a new database.
[[nodiscard]] std::string alert_id_v2(const std::string &chart, const std::string &name);

// Where the definition of an alert stands, what runs for it and whether it is one at all, if `definitions` knows.
void add_definition(Alert &alert, std::string_view node, std::string_view hostname, std::string_view config_dir,
                    const AlertDefinitions &definitions);

struct Transitions {
  std::vector<Alert> entries;  // oldest first; log_id is the agent's gi, microseconds of the clock at insertion
  bool cut = false;            // older ones than those listed were left out
};

// Entries of other nodes are left out. Where a definition stands comes from `definitions`, if it is known there.
[[nodiscard]] Transitions read_transitions(const nlohmann::json &document, std::string_view node,
                                           std::string_view config_dir, const AlertDefinitions &definitions);

// The charts of alert_instances of /api/v2/alerts, for learn_alarms.
[[nodiscard]] ChartsByName read_charts_of_instances(const nlohmann::json &document);

// alert_instances of /api/v2/alerts?options=instances,values for one node (scope_nodes). What is not in there comes
// from `definitions`, which has to have learned /api/v1/alarms?all of that node before.
[[nodiscard]] std::vector<Alert> read_alert_instances(const nlohmann::json &document, std::string_view node,
                                                      std::string_view hostname, std::string_view config_dir,
                                                      const AlertDefinitions &definitions);

// One alert log out of what 2.x tells in pieces: /api/v2/alert_transitions has only what raised or cleared an alert,
// the database has everything but may not be readable, /api/v2/alerts has the last transition of what exists now
// (plugin-api/external/API.md, "Alerts of 2.x", "The agent's database"). Pure.

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
