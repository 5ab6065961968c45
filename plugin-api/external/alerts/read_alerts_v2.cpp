// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/alerts/read_alerts_v2.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "claim/base/uuid.h"
#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/json/json_fields.h"

namespace aclk::external {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxAlerts = 100'000;

// 0 for what is no time: the agent keeps it in 63 bits, and what comes after it must have a number too.
std::uint64_t gi_of(const json &object) {
  constexpr std::uint64_t kLast = INT64_MAX / 2;
  const auto gi = uint_of(object, "gi");
  return gi <= kLast ? gi : 0;
}

bool has_flag(const json &flags, const char *flag) {
  return std::any_of(flags.begin(), flags.end(), [&](const json &f) { return f == flag; });
}

bool is_silent(const std::string &recipient) { return recipient.substr(0, 6) == "silent"; }

Alert read_transition(const json &t) {
  Alert a;
  a.log_id = gi_of(t);
  a.transition_id = parse_uuid(text_of(t, "transition_id")).value_or("");
  a.config_hash = parse_uuid(text_of(t, "config_hash_id")).value_or("");
  a.name = text_of(t, "alert");
  a.chart = text_of(t, "instance");
  a.chart_name = text_of(t, "instance_n", "instance");
  a.alert_id = alert_id_v2(a.chart, a.name);
  a.context = text_of(t, "context");
  a.summary = text_of(t, "summary");
  a.info = text_of(t, "info");
  a.units = text_of(t, "units");
  a.when_s = uint_of(t, "when");
  const auto &now = object_of(t, "new");
  const auto &old = object_of(t, "old");
  a.status = alert_status(text_of(now, "status"));
  a.old_status = alert_status(text_of(old, "status"));
  a.value = number_of(now, "value").value_or(NAN);
  a.old_value = number_of(old, "value").value_or(NAN);
  a.value_string = value_with_unit(a.value, a.units);
  a.old_value_string = value_with_unit(a.old_value, a.units);
  a.duration_s = int_of(old, "duration");
  a.non_clear_duration_s = int_of(old, "raised_duration");
  const auto &notification = object_of(t, "notification");
  const auto &flags = array_of(notification, "flags");
  a.exec = text_of(notification, "exec");
  a.delay_s = uint_of(notification, "delay");
  a.delay_up_to_s = uint_of(notification, "delay_up_to_time");
  a.silenced = has_flag(flags, "SILENCED") || is_silent(text_of(notification, "to"));
  a.superseded = has_flag(flags, "UPDATED");
  return a;
}

}  // namespace

std::string alert_id_v2(const std::string &chart, const std::string &name) { return chart + "/" + name; }

void add_definition(Alert &a, std::string_view node, std::string_view hostname, std::string_view config_dir,
                    const AlertDefinitions &definitions) {
  const auto known = definitions.of_alert(node, a.chart_name, a.name);
  if (!known) return;
  a.variable = is_variable(*known);
  if (a.exec.empty()) a.exec = known->exec;
  if (a.conf_source.empty()) a.conf_source = known->conf_source;
  a.command = edit_command(parse_source(a.conf_source), config_dir, hostname);
}

Transitions read_transitions(const json &document, std::string_view node, std::string_view config_dir,
                             const AlertDefinitions &definitions) {
  Transitions out;
  for (const auto &t : array_of(document, "transitions")) {
    if (out.entries.size() >= kMaxAlerts) break;
    const auto guid = parse_uuid(text_of(t, "machine_guid")).value_or(std::string(node));
    if (guid != node || gi_of(t) == 0) continue;
    auto a = read_transition(t);
    add_definition(a, node, text_of(t, "hostname"), config_dir, definitions);
    out.entries.push_back(std::move(a));
  }
  std::stable_sort(out.entries.begin(), out.entries.end(),
                   [](const Alert &a, const Alert &b) { return a.log_id < b.log_id; });
  std::map<std::string, Alert *> last;
  for (auto &a : out.entries) {
    auto *&before = last[a.alert_id];
    if (before != nullptr) before->superseded = true;
    before = &a;
  }
  out.cut = int_of(object_of(document, "items"), "after") > 0;
  return out;
}

ChartsByName read_charts_of_instances(const json &document) {
  ChartsByName out;
  for (const auto &i : array_of(document, "alert_instances")) {
    if (out.size() >= kMaxAlerts) break;
    const ChartFacts facts{text_of(i, "ch"), text_of(i, "ctx")};
    out.insert_or_assign(text_of(i, "ch_n", "ch"), facts);
  }
  return out;
}

std::vector<Alert> read_alert_instances(const json &document, std::string_view node, std::string_view hostname,
                                        std::string_view config_dir, const AlertDefinitions &definitions) {
  std::vector<Alert> out;
  for (const auto &i : array_of(document, "alert_instances")) {
    if (out.size() >= kMaxAlerts) break;
    Alert a;
    a.name = text_of(i, "nm");
    a.chart = text_of(i, "ch");
    if (a.name.empty() || a.chart.empty()) continue;
    a.chart_name = text_of(i, "ch_n", "ch");
    a.alert_id = alert_id_v2(a.chart, a.name);
    a.log_id = gi_of(i);
    a.transition_id = parse_uuid(text_of(i, "tr_i")).value_or("");
    a.config_hash = parse_uuid(text_of(i, "cfg")).value_or("");
    a.context = text_of(i, "ctx");
    a.summary = text_of(i, "sum");
    a.info = text_of(i, "info");
    a.units = text_of(i, "units");
    a.conf_source = parse_source(text_of(i, "src")).conf_source();
    a.when_s = uint_of(i, "tr_t");
    a.status = alert_status(text_of(i, "st"));
    a.silenced = is_silent(text_of(i, "to"));
    a.value = number_of(i, "v").value_or(number_of(i, "tr_v").value_or(NAN));
    a.value_string = value_with_unit(a.value, a.units);
    a.old_value_string = "-";
    add_definition(a, node, hostname, config_dir, definitions);
    out.push_back(std::move(a));
  }
  return out;
}

}  // namespace aclk::external
