// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/alerts/read_alerts.h"

#include <algorithm>
#include <cmath>

#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/json/json_fields.h"

namespace aclk::external {
namespace {

using nlohmann::json;

// Stays the same over restarts and even over a new database, unlike the agent's alarm_id.
std::string alert_id(const std::string &chart_name, const std::string &name) { return chart_name + "/" + name; }

bool is_silent(const json &item) {
  return bool_of(item, "silenced") || text_of(item, "recipient").substr(0, 6) == "silent";
}

void place(Alert &a, const ChartsByName &charts) {
  a.chart = a.chart_name;
  if (const auto it = charts.find(a.chart_name); it != charts.end()) {
    a.chart = it->second.id;
    if (a.context.empty()) a.context = it->second.context;
  }
}

// What alarms and log entries have in common.
Alert common(const json &item, const ChartsByName &charts) {
  Alert a;
  a.name = text_of(item, "name");
  a.chart_name = text_of(item, "chart");
  a.context = text_of(item, "context");
  a.alert_id = alert_id(a.chart_name, a.name);
  a.info = html_unescape(text_of(item, "info"));
  a.summary = html_unescape(text_of(item, "summary"));
  a.units = text_of(item, "units");
  a.exec = text_of(item, "exec");
  a.conf_source = parse_source(text_of(item, "source")).conf_source();
  a.status = alert_status(text_of(item, "status"));
  a.delay_s = uint_of(item, "delay");
  a.delay_up_to_s = uint_of(item, "delay_up_to_timestamp");
  a.last_repeat_s = uint_of(item, "last_repeat");
  a.silenced = is_silent(item);
  a.value = number_of(item, "value").value_or(NAN);
  a.value_string = text_of(item, "value_string");
  place(a, charts);
  return a;
}

void apply(Alert &a, const AlertConfig &definition) {
  a.config_hash = definition.config_hash;
  a.variable = is_variable(definition);
}

Alert read_entry(const json &entry, std::string_view node, const ChartsByName &charts, AlertDefinitions &definitions) {
  auto a = common(entry, charts);
  a.log_id = uint_of(entry, "unique_id");
  a.event_id = uint_of(entry, "alarm_event_id");
  a.transition_id = agents_uuid(text_of(entry, "transition_id"));
  a.command = agents_edit_command(text_of(entry, "command"), parse_source(text_of(entry, "source")),
                                  text_of(entry, "hostname"));
  a.timezone = text_of(entry, "timezone");
  a.utc_offset_s = static_cast<std::int32_t>(std::clamp<std::int64_t>(int_of(entry, "utc_offset"), -86400, 86400));
  a.when_s = uint_of(entry, "when");
  a.duration_s = int_of(entry, "duration");
  a.non_clear_duration_s = int_of(entry, "non_clear_duration");
  a.old_status = alert_status(text_of(entry, "old_status"));
  a.superseded = bool_of(entry, "updated");
  a.old_value = number_of(entry, "old_value").value_or(NAN);
  a.old_value_string = text_of(entry, "old_value_string");
  auto definition = definitions.of_alert(node, a.chart_name, a.name);
  if (!definition) {
    definition = definition_of_log_entry(entry);
    definitions.learn(node, a.chart_name, a.name, *definition);
  }
  apply(a, *definition);
  // An entry of an older definition of this alert. 1.38 and later name it.
  if (const auto own = agents_uuid(text_of(entry, "config_hash_id")); !own.empty() && own != a.config_hash) {
    a.config_hash = own;
    if (!definitions.of_hash(own)) definitions.remember(definition_of_log_entry(entry));
  }
  return a;
}

}  // namespace

ChartsByName read_charts(const json &charts) {
  ChartsByName out;
  for (const auto &[key, c] : object_of(charts, "charts").items()) {
    if (out.size() >= kMaxAlerts) break;
    auto id = text_of(c, "id");
    if (id.empty()) id = key;
    const ChartFacts facts{id, text_of(c, "context")};
    out.emplace(id, facts);
    if (auto name = text_of(c, "name"); !name.empty()) out.insert_or_assign(std::move(name), facts);
  }
  return out;
}

std::vector<Alert> read_alarm_log(const json &log, std::string_view node, const ChartsByName &charts,
                                  AlertDefinitions &definitions) {
  std::vector<Alert> out;
  if (!log.is_array()) return out;
  for (const auto &entry : log) {
    if (out.size() >= kMaxAlerts) break;
    if (entry.is_object() && uint_of(entry, "unique_id") != 0)
      out.push_back(read_entry(entry, node, charts, definitions));
  }
  std::stable_sort(out.begin(), out.end(), [](const Alert &a, const Alert &b) { return a.log_id < b.log_id; });
  const auto same = [](const Alert &a, const Alert &b) { return a.log_id == b.log_id; };
  out.erase(std::unique(out.begin(), out.end(), same), out.end());
  return out;
}

void learn_alarms(const json &alarms, std::string_view node, const ChartsByName &charts,
                  AlertDefinitions &definitions) {
  for (const auto &[key, alarm] : object_of(alarms, "alarms").items()) {
    const auto chart = text_of(alarm, "chart");
    const auto it = charts.find(chart);
    auto definition = definition_of_alarm(alarm, it == charts.end() ? std::string_view{} : it->second.context,
                                          definitions.directories());
    definitions.learn(node, chart, text_of(alarm, "name"), std::move(definition));
  }
}

std::vector<Alert> read_active_alarms(const json &alarms, const std::vector<Alert> &log, std::string_view node,
                                      const ChartsByName &charts, std::string_view config_dir,
                                      AlertDefinitions &definitions) {
  learn_alarms(alarms, node, charts, definitions);
  std::map<std::string, const Alert *> last;
  for (const auto &a : log) last[a.alert_id] = &a;  // oldest first: the newest stays
  const auto hostname = text_of(alarms, "hostname");
  std::vector<Alert> out;
  for (const auto &[key, alarm] : object_of(alarms, "alarms").items()) {
    if (out.size() >= kMaxAlerts) break;
    auto a = common(alarm, charts);
    a.when_s = uint_of(alarm, "last_status_change");
    a.command = edit_command(parse_source(text_of(alarm, "source")), config_dir, hostname);
    if (const auto it = last.find(a.alert_id); it != last.end() && it->second->status == a.status) a = *it->second;
    if (!log.empty() && a.timezone.empty()) {
      a.timezone = log.back().timezone;
      a.utc_offset_s = log.back().utc_offset_s;
    }
    if (const auto definition = definitions.of_alert(node, a.chart_name, a.name)) apply(a, *definition);
    out.push_back(std::move(a));
  }
  return out;
}

LogAnchor anchor_of(const Alert &entry) { return {entry.log_id, entry.alert_id, entry.event_id, entry.when_s}; }

bool continues_log(const std::vector<Alert> &entries, std::uint64_t after, const std::optional<LogAnchor> &shown,
                   std::uint64_t began_s) {
  constexpr std::uint64_t kStartSeconds = 5;  // an agent writes entries before it starts its plugins
  const auto it = std::find_if(entries.begin(), entries.end(), [&](const Alert &a) { return a.log_id == after; });
  if (it == entries.end()) return false;
  if (!shown) {
    // Such as these it writes then; anything else so young was read by a process that was killed a moment ago.
    const bool of_a_start = it->status == NACLK_ALERT_REMOVED || it->status == NACLK_ALERT_UNKNOWN;
    return it->when_s + (of_a_start ? kStartSeconds : 0) < began_s + (of_a_start ? 0 : 1);
  }
  return shown->log_id != after || *shown == anchor_of(*it);
}

LogReading take_log(std::vector<Alert> entries, std::uint64_t after, std::uint32_t limit, bool gap) {
  LogReading r;
  r.gap = gap;
  r.last = after;
  const bool anew = gap && !entries.empty() && entries.back().log_id < after;
  if (!anew) std::erase_if(entries, [&](const Alert &a) { return a.log_id <= after; });
  if (limit != 0 && entries.size() > limit) entries.resize(limit);
  if (!entries.empty()) r.last = entries.back().log_id;
  r.entries = std::move(entries);
  return r;
}

}  // namespace aclk::external
