// SPDX-License-Identifier: GPL-3.0-or-later
//
// Alerts as 1.x tells them: /api/v1/alarm_log and /api/v1/alarms (stock-agent.md 3.5).
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "plugin-api/external/definitions.h"
#include "plugin-api/external/values.h"

namespace aclk::external {

// Of a chart, by its name, from /api/v1/charts: alarms tell neither id nor context.
struct ChartFacts {
  std::string id;
  std::string context;
};
using ChartsByName = std::map<std::string, ChartFacts, std::less<>>;
[[nodiscard]] ChartsByName read_charts(const nlohmann::json &charts);

// The entries of an alarm log, oldest first (the agent lists the newest first). config_hash and variable are filled
// by `definitions`, which learns what it did not know yet from the entry itself.
[[nodiscard]] std::vector<Alert> read_alarm_log(const nlohmann::json &log, std::string_view node,
                                                const ChartsByName &charts, Definitions &definitions);

// Learns the definitions of /api/v1/alarms?all.
void learn_alarms(const nlohmann::json &alarms, std::string_view node, const ChartsByName &charts,
                  Definitions &definitions);

// The alarms of /api/v1/alarms?all, each as its last transition: from `log` (as read_alarm_log gives it) where the log
// still has it, else from what the alarm says itself. Learns the definitions too.
[[nodiscard]] std::vector<Alert> read_active_alarms(const nlohmann::json &alarms, const std::vector<Alert> &log,
                                                    std::string_view node, const ChartsByName &charts,
                                                    std::string_view config_dir, Definitions &definitions);

// What a reading of the log after `after` means.
struct LogReading {
  std::vector<Alert> entries;  // those to show
  std::uint64_t last = 0;      // continue after this one
  bool gap = false;
};

// entries: what the agent gave for `after`, oldest first. latest: latest_alarm_log_unique_id, where it was asked for.
// max_log: how many entries the agent keeps; when it has more it cuts the list to two thirds of that.
//  - A list that short cannot have been cut, so a hole before its first entry is no loss: repeated notifications use
//    up ids without an entry. A list that long, or a hole of more than 1000, is one.
//  - `latest` below `after` means that the database was deleted: ids began anew, and everything there is is new.
[[nodiscard]] LogReading judge_log(std::vector<Alert> entries, std::uint64_t after, std::uint32_t limit,
                                   std::optional<std::uint64_t> latest, std::uint32_t max_log);

}  // namespace aclk::external
