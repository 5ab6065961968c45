// SPDX-License-Identifier: GPL-3.0-or-later
//
// Alerts as 2.x tells them: /api/v2/alert_transitions and /api/v2/alerts (plugin-api/external/API.md, "Alerts of 2.x").
// /api/v1/alarm_log is broken there.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugin-api/external/alerts/alert_definitions.h"
#include "plugin-api/external/alerts/read_alerts_v1.h"
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

}  // namespace aclk::external
