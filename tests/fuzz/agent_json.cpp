// SPDX-License-Identifier: GPL-3.0-or-later
//
// Readers of the agent's REST answers (plugin-api/external/hooks and alerts, read_*.h): first byte = which one, the
// rest any JSON. Seeds named v1_ and v2_ are the samples of tests/unit/external, shortened.
#include "plugin-api/external/agent/agent_facts.h"
#include "plugin-api/external/alerts/read_alerts.h"
#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/json/lenient_json.h"
#include "plugin-api/external/poll/change_detector.h"
#include "tests/fuzz/fuzz.h"

namespace aclk::fuzz {
namespace {

using namespace external;

constexpr std::string_view kNode = "64e5319f-7e5c-449a-971d-256183f7a2dc";
constexpr std::string_view kConfig = "/etc/netdata";
constexpr std::uint64_t kNow = 1795300000;

// What every list of transitions has to be.
void ascending(const std::vector<naclk_alert> &log, std::uint64_t after) {
  for (const auto &a : log) {
    require(a.log_id > after || after == 0, "an entry is after the one before it");
    after = a.log_id;
  }
}

void shown(const LogReading &r, std::uint64_t after, std::uint32_t limit) {
  ascending(r.entries, 0);
  require(limit == 0 || r.entries.size() <= limit, "not more than asked for");
  require(r.entries.empty() || r.last == r.entries.back().log_id, "it goes on after the last");
  require(r.gap || r.last >= after, "only a gap leads back");
}

void alarm_log(const nlohmann::json &j, std::uint64_t after) {
  AlertDefinitions definitions;
  Texts texts;
  const auto log = read_alarm_log(j, kNode, read_charts(j), definitions, texts);
  for (const auto &a : log) {
    require(definitions.of_hash(text(a.config_hash)).has_value(), "a hash that is shown is known");
    require(a.log_id != 0, "an entry has an id");
  }
  const bool same = continues_log(log, after, std::nullopt, kNow);
  shown(take_log(log, after, 2, same ? Continuity::whole : Continuity::gap), after, 2);
  if (!log.empty()) require(continues_log(log, log.back().log_id, anchor_of(log.back()), 0), "a log continues itself");
}

void nodes(const nlohmann::json &j) {
  const auto list = read_mirrored_hosts(j, std::string(kNode));
  ChangeDetector watch;
  (void)watch.on_nodes(list);
  require(watch.on_nodes(list).empty(), "nothing changed");
}

}  // namespace

void fuzz(std::string_view bytes) {
  const auto which = choose(bytes, 8);
  const auto j = parse_agent_json(bytes, "a document");
  if (!j) return;
  AlertDefinitions definitions;
  Texts texts;
  switch (which) {
    case 0:
      (void)read_facts(*j);
      (void)read_node_info(*j, {});
      (void)print_of_info(*j);
      return (void)read_collectors(*j);
    case 1:
      return nodes(*j);
    case 2:
      return (void)fingerprint(read_contexts(*j).items);
    case 3:
      return alarm_log(*j, 5);
    case 4:
      return (void)read_active_alarms(*j, {}, kNode, read_charts(*j), kConfig, definitions, texts);
    case 5:
      (void)definition_of_alarm(*j, "system.cpu");
      (void)definition_of_log_entry(*j);
      return (void)definition_of_alert_config(*j, "c5f4477c-9f22-4b22-8433-7d76cc36e0a8", std::nullopt);
    case 6:
      return (void)read_versions(*j);
    default:
      return (void)read_charts(*j);
  }
}

}  // namespace aclk::fuzz
