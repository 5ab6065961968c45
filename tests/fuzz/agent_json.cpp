// SPDX-License-Identifier: GPL-3.0-or-later
//
// Readers of the agent's REST answers (plugin-api/external/hooks and alerts, read_*.h): first byte = which one, the
// rest any JSON. Seeds named v1_ and v2_ are the samples of tests/unit/external, shortened.
#include "plugin-api/external/agent/agent_facts.h"
#include "plugin-api/external/alerts/read_alerts_v1.h"
#include "plugin-api/external/alerts/read_alerts_v2.h"
#include "plugin-api/external/hooks/read_contexts.h"
#include "plugin-api/external/hooks/read_node_info.h"
#include "plugin-api/external/hooks/read_nodes.h"
#include "plugin-api/external/json/json_fields.h"
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
void ascending(const std::vector<Alert> &log, std::uint64_t after) {
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

void log_v1(const nlohmann::json &j, std::uint64_t after) {
  AlertDefinitions definitions;
  const auto log = read_alarm_log(j, kNode, read_charts(j), definitions);
  for (const auto &a : log) {
    require(definitions.of_hash(a.config_hash).has_value(), "a hash that is shown is known");
    require(a.log_id != 0, "an entry has an id");
  }
  const bool same = continues_log(log, after, std::nullopt, kNow);
  shown(take_log(log, after, 2, !same), after, 2);
  if (!log.empty()) require(continues_log(log, log.back().log_id, anchor_of(log.back()), 0), "a log continues itself");
}

// {"before": alerts, "now": alerts, "rest": transitions}, for a 2.x without its database.
void memory(const nlohmann::json &j) {
  AlertDefinitions definitions;
  const auto before = read_alert_instances(object_of(j, "before"), kNode, "host", kConfig, definitions);
  const auto now = read_alert_instances(object_of(j, "now"), kNode, "host", kConfig, definitions);
  const auto rest = [&] { return read_transitions(object_of(j, "rest"), kNode, kConfig, definitions); };
  AlertMemory m;
  const auto first = m.read({}, before, 0, 0, 1, true, kNow);
  shown(first, 0, 0);
  const auto second = m.read(rest(), now, first.last, 0, 1, true, kNow);
  shown(second, first.last, 0);
  const auto third = m.read(rest(), now, first.last, 0, 1, true, kNow + 1);
  require(third.entries.size() == second.entries.size() && third.last == second.last, "asked again, the same");
  DbLog db;
  db.entries = first.entries;
  db.before = 1;
  shown(merge_log(rest(), db, 1, 3), 1, 3);
}

void nodes(const nlohmann::json &j) {
  auto list = read_mirrored_hosts(j, std::string(kNode));
  add_node_instances(list, j);
  ChangeDetector watch;
  (void)watch.on_nodes(list);
  require(watch.on_nodes(list).empty(), "nothing changed");
}

}  // namespace

void fuzz(std::string_view bytes) {
  const auto which = choose(bytes, 11);
  const auto j = parse_agent_json(bytes, "a document");
  if (!j) return;
  AlertDefinitions definitions;
  switch (which) {
    case 0:
      (void)read_facts(*j);
      (void)read_node_info(*j, {});
      (void)print_of_info(*j);
      return (void)read_collectors(*j);
    case 1:
      return nodes(*j);
    case 2:
      return (void)fingerprint(read_contexts(*j));
    case 3:
      return log_v1(*j, 5);
    case 4:
      return (void)read_active_alarms(*j, {}, kNode, read_charts(*j), kConfig, definitions);
    case 5:
      learn_alarms(*j, kNode, read_charts_of_instances(*j), definitions);
      return (void)read_alert_instances(*j, kNode, "host", kConfig, definitions);
    case 6:
      return shown(merge_log(read_transitions(*j, kNode, kConfig, definitions), {}, 0, 0), 0, 0);
    case 7:
      (void)definition_v1(*j, "system.cpu");
      (void)definition_from_log_v1(*j);
      return (void)definition_v2(*j, "c5f4477c-9f22-4b22-8433-7d76cc36e0a8", std::nullopt);
    case 8:
      return (void)read_versions(*j);
    case 9:
      return (void)read_charts(*j);
    default:
      return memory(*j);
  }
}

}  // namespace aclk::fuzz
