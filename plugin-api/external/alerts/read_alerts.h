// SPDX-License-Identifier: GPL-3.0-or-later
//
// Alerts as the agent shows them: /api/v1/alarm_log and /api/v1/alarms (plugin-api/external/API.md, "Alerts"), as the
// ABI wants them. Their texts are kept by `texts`, which has to outlive them.
#pragma once

#include <netdata-aclk/plugin.h>

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin-api/external/alerts/alert_definitions.h"
#include "plugin-api/external/json/values.h"

namespace aclk::external {

inline constexpr std::size_t kMaxAlerts = 100'000;  // of one node, in one answer

// Of a chart, by its name, from /api/v1/charts: alarms have neither id nor context.
struct ChartFacts {
  std::string id;
  std::string context;
};
using ChartsByName = std::map<std::string, ChartFacts, std::less<>>;
[[nodiscard]] ChartsByName read_charts(const nlohmann::json &charts);

// The entries of an alarm log, oldest first (the agent lists the newest first). config_hash and variable are filled
// by `definitions`, which learns what it did not know yet from the entry itself.
[[nodiscard]] std::vector<naclk_alert> read_alarm_log(const nlohmann::json &log, std::string_view node,
                                                      const ChartsByName &charts, AlertDefinitions &definitions,
                                                      Texts &texts);

// Are the definitions of all these entries known, as they are now? An agent that has read its health configuration anew
// removes its alerts and makes them again, and its log says so.
[[nodiscard]] bool are_defined(const nlohmann::json &log, std::string_view node, const AlertDefinitions &definitions);

// Learns the definitions of /api/v1/alarms?all.
void learn_alarms(const nlohmann::json &alarms, std::string_view node, const ChartsByName &charts,
                  AlertDefinitions &definitions);

// The alarms of /api/v1/alarms?all, each as its last transition: from `log` (as read_alarm_log gives it) where the log
// still has it, else from what the alarm says itself. Learns the definitions too. `texts`: the one of `log`.
[[nodiscard]] std::vector<naclk_alert> read_active_alarms(const nlohmann::json &alarms,
                                                          const std::vector<naclk_alert> &log, std::string_view node,
                                                          const ChartsByName &charts, std::string_view config_dir,
                                                          AlertDefinitions &definitions, Texts &texts);

// What a reading of the log after `after` means.
struct LogReading {
  std::vector<naclk_alert> entries;  // those to show
  std::uint64_t last = 0;            // continue after this one
  bool gap = false;
};

// An entry of a log as it is remembered: ids alone do not tell one log from another.
struct LogAnchor {
  std::uint64_t log_id = 0;
  std::string alert_id;
  std::uint64_t event_id = 0;
  std::uint64_t when_s = 0;

  bool operator==(const LogAnchor &) const = default;
};
[[nodiscard]] LogAnchor anchor_of(const naclk_alert &entry);

// The entry of each node's log that was shown last. Thread: any.
class AlertLogCursor {
 public:
  [[nodiscard]] std::optional<LogAnchor> anchor(const std::string &node) const {
    const std::lock_guard lock(mutex_);
    const auto it = anchors_.find(node);
    return it == anchors_.end() ? std::nullopt : std::optional(it->second);
  }
  void shown(const std::string &node, LogAnchor last) {
    const std::lock_guard lock(mutex_);
    anchors_.insert_or_assign(node, std::move(last));
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, LogAnchor> anchors_;
};

// Is this the log that `after` is of? entries: the log from `after` on, that one included, oldest first. It must be
// there: the agent cuts its log at the old end and keeps it over restarts. After a new database or a loss of the newest
// entries another one may have its id (ids run ahead of the clock, then begin again at the clock):
//  - `shown`, what was shown last by this process, must be the same entry, if it has this id;
//  - if this process has shown nothing yet, the entry must be older than it: who remembers `after` has it from a
//    process before; where it is one that a starting agent writes, by 5 s. began_s: second in which this process began.
[[nodiscard]] bool continues_log(const std::vector<naclk_alert> &entries, std::uint64_t after,
                                 const std::optional<LogAnchor> &shown, std::uint64_t began_s);

enum class Continuity : std::uint8_t { whole, gap };
// What to show. entries: any part of the log that has all there is after `after`. gap: the log does not continue what
// `after` is of; if all its ids are lower, they began anew, and everything there is is new.
[[nodiscard]] LogReading take_log(std::vector<naclk_alert> entries, std::uint64_t after, std::uint32_t limit,
                                  Continuity continuity);

}  // namespace aclk::external
