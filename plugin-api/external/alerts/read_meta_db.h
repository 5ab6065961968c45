// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is read from the agent's database: of 1.x the children that are away, of 2.x the whole health log, of which
// /api/v2/alert_transitions shows only what raised or cleared an alert (plugin-api/external/API.md, "Children", "Alerts
// of 2.x", "The agent's database").
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugin-api/external/alerts/meta_db.h"
#include "plugin-api/external/json/values.h"

namespace aclk::external {

// Table host of 1.x: nodes with hops > 0, as nodes that are not live. At most 10 000.
[[nodiscard]] Result<std::vector<Node>> read_children(MetaDb &db);

// A child of 1.x as /api/v1/info would tell it if it were there (as far as read_node_info and read_collectors look),
// with hostname, os and timezone beside. not_found: the database does not know it either.
[[nodiscard]] Result<nlohmann::json> read_stored_info(MetaDb &db, std::string_view node);

// The health log of one node of 2.x after `after` (gi, microseconds).
struct DbLog {
  std::vector<Alert> entries;    // oldest first; log_id is the gi; where definitions stand is not filled
  std::string hostname;          // "" = the node is not in the database
  bool more = false;             // there are more after these
  bool cut = false;              // there are more before these
  std::uint64_t before = 0;      // the newest gi that is not above `after`; 0 = none
  std::uint64_t last_added = 0;  // gi of the entry that was written last; 0 = the log is empty
};
// The oldest `limit` entries, 20 000 at most. limit = 0: to the end of the log, the newest 20 000.
[[nodiscard]] Result<DbLog> read_health_log(MetaDb &db, std::string_view node, std::uint64_t after,
                                            std::uint32_t limit);

// The last transition of each alert that this node of 2.x ever had.
[[nodiscard]] Result<std::vector<Alert>> read_last_transitions(MetaDb &db, std::string_view node);

}  // namespace aclk::external
