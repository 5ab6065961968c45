// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/alerts/read_alerts.h"

#include <algorithm>
#include <cmath>

#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external {
namespace {

using nlohmann::json;

bool is_silent(const json &item) {
  return bool_of(item, "silenced") || text_of(item, "recipient").substr(0, 6) == "silent";
}

// Makes one alert of one object of the agent's.
class AlertReader {
 public:
  AlertReader(const json &item, Texts &texts) : item_(item), texts_(texts) {}

  [[nodiscard]] naclk_str kept(const char *name) { return texts_.keep(text_of(item_, name)); }
  [[nodiscard]] naclk_str unescaped(const char *name) { return texts_.keep(html_unescape(text_of(item_, name))); }
  [[nodiscard]] std::uint32_t status(const char *name) const { return alert_status(text_of(item_, name)); }
  [[nodiscard]] double value(const char *name) const { return number_of(item_, name).value_or(NAN); }
  [[nodiscard]] AlertSource source() const { return parse_source(text_of(item_, "source")); }

  // What alarms and log entries have in common.
  [[nodiscard]] naclk_alert common(const ChartsByName &charts) {
    const auto name = text_of(item_, "name");
    const auto chart = text_of(item_, "chart");
    naclk_alert a{};
    a.size = sizeof a;
    // Stays the same over restarts and even over a new database, unlike the agent's alarm_id.
    a.alert_id = texts_.keep(chart + "/" + name);
    a.name = texts_.keep(name);
    a.chart_name = texts_.keep(chart);
    a.chart = a.chart_name;
    a.context = kept("context");
    if (const auto it = charts.find(chart); it != charts.end()) {
      a.chart = texts_.keep(it->second.id);
      if (a.context.len == 0) a.context = texts_.keep(it->second.context);
    }
    a.info = unescaped("info");
    a.summary = unescaped("summary");
    a.units = kept("units");
    a.exec = kept("exec");
    a.conf_source = texts_.keep(source().conf_source());
    a.status = status("status");
    a.old_status = NACLK_ALERT_UNKNOWN;
    a.delay_s = uint_of(item_, "delay");
    a.delay_up_to_s = uint_of(item_, "delay_up_to_timestamp");
    a.last_repeat_s = uint_of(item_, "last_repeat");
    a.silenced = is_silent(item_);
    a.value = value("value");
    a.old_value = NAN;
    a.value_string = kept("value_string");
    return a;
  }

  // Of an entry of the log, all but the definition.
  [[nodiscard]] naclk_alert entry(const ChartsByName &charts) {
    auto a = common(charts);
    a.log_id = uint_of(item_, "unique_id");
    a.event_id = uint_of(item_, "alarm_event_id");
    a.transition_id = texts_.keep(agents_uuid(text_of(item_, "transition_id")));
    a.command = texts_.keep(agents_edit_command(text_of(item_, "command"), source(), text_of(item_, "hostname")));
    a.timezone = kept("timezone");
    a.utc_offset_s = static_cast<std::int32_t>(std::clamp<std::int64_t>(int_of(item_, "utc_offset"), -86400, 86400));
    a.when_s = uint_of(item_, "when");
    a.duration_s = int_of(item_, "duration");
    a.non_clear_duration_s = int_of(item_, "non_clear_duration");
    a.old_status = status("old_status");
    a.superseded = bool_of(item_, "updated");
    a.old_value = value("old_value");
    a.old_value_string = kept("old_value_string");
    return a;
  }

 private:
  const json &item_;
  Texts &texts_;
};

void apply(naclk_alert &a, const AlertConfig &definition, Texts &texts) {
  a.config_hash = texts.keep(definition.config_hash);
  a.variable = is_variable(definition);
}

naclk_alert read_entry(const json &entry, std::string_view node, const ChartsByName &charts,
                       AlertDefinitions &definitions, Texts &texts) {
  auto a = AlertReader(entry, texts).entry(charts);
  auto definition = definitions.of_alert(node, text(a.chart_name), text(a.name));
  if (!definition) {
    definition = definition_of_log_entry(entry);
    definitions.learn(node, text(a.chart_name), text(a.name), *definition);
  }
  apply(a, *definition, texts);
  // An entry of an older definition of this alert. 1.38 and later name it.
  if (const auto own = agents_uuid(text_of(entry, "config_hash_id")); !own.empty() && own != definition->config_hash) {
    if (!definitions.of_hash(own)) definitions.remember(definition_of_log_entry(entry));
    a.config_hash = texts.keep(own);
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

std::vector<naclk_alert> read_alarm_log(const json &log, std::string_view node, const ChartsByName &charts,
                                        AlertDefinitions &definitions, Texts &texts) {
  std::vector<naclk_alert> out;
  if (!log.is_array()) return out;
  for (const auto &entry : log) {
    if (out.size() >= kMaxAlerts) break;
    if (entry.is_object() && uint_of(entry, "unique_id") != 0)
      out.push_back(read_entry(entry, node, charts, definitions, texts));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const naclk_alert &a, const naclk_alert &b) { return a.log_id < b.log_id; });
  const auto same = [](const naclk_alert &a, const naclk_alert &b) { return a.log_id == b.log_id; };
  out.erase(std::unique(out.begin(), out.end(), same), out.end());
  return out;
}

bool are_defined(const json &log, std::string_view node, const AlertDefinitions &definitions) {
  const auto settled = [](const std::string &status) {
    const auto s = alert_status(status);
    return s == NACLK_ALERT_CLEAR || s == NACLK_ALERT_WARNING || s == NACLK_ALERT_CRITICAL;
  };
  return log.is_array() && std::ranges::all_of(log, [&](const json &entry) {
           if (!settled(text_of(entry, "status")) || !settled(text_of(entry, "old_status"))) return false;
           const auto known = definitions.of_alert(node, text_of(entry, "chart"), text_of(entry, "name"));
           if (!known || known->partial) return false;
           const auto own = agents_uuid(text_of(entry, "config_hash_id"));
           return own.empty() || own == known->config_hash;
         });
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

std::vector<naclk_alert> read_active_alarms(const json &alarms, const std::vector<naclk_alert> &log,
                                            std::string_view node, const ChartsByName &charts,
                                            std::string_view config_dir, AlertDefinitions &definitions, Texts &texts) {
  learn_alarms(alarms, node, charts, definitions);
  std::map<std::string_view, const naclk_alert *> last;
  for (const auto &a : log) last[text(a.alert_id)] = &a;  // oldest first: the newest stays
  const auto hostname = text_of(alarms, "hostname");
  std::vector<naclk_alert> out;
  for (const auto &[key, alarm] : object_of(alarms, "alarms").items()) {
    if (out.size() >= kMaxAlerts) break;
    AlertReader reader(alarm, texts);
    auto a = reader.common(charts);
    a.when_s = uint_of(alarm, "last_status_change");
    a.command = texts.keep(edit_command(reader.source(), config_dir, hostname));
    if (const auto it = last.find(text(a.alert_id)); it != last.end() && it->second->status == a.status)
      a = *it->second;
    if (!log.empty() && a.timezone.len == 0) {
      a.timezone = log.back().timezone;
      a.utc_offset_s = log.back().utc_offset_s;
    }
    if (const auto definition = definitions.of_alert(node, text(a.chart_name), text(a.name)))
      apply(a, *definition, texts);
    out.push_back(a);
  }
  return out;
}

LogAnchor anchor_of(const naclk_alert &entry) {
  return {.log_id = entry.log_id,
          .alert_id = std::string(text(entry.alert_id)),
          .event_id = entry.event_id,
          .when_s = entry.when_s};
}

bool continues_log(const std::vector<naclk_alert> &entries, std::uint64_t after, const std::optional<LogAnchor> &shown,
                   std::uint64_t began_s) {
  constexpr std::uint64_t kStartSeconds = 5;  // an agent writes entries before it starts its plugins
  const auto it = std::find_if(entries.begin(), entries.end(), [&](const naclk_alert &a) { return a.log_id == after; });
  if (it == entries.end()) return false;
  if (!shown) {
    // Such as these it writes then; anything else so young was read by a process that was killed a moment ago.
    const bool of_a_start = it->status == NACLK_ALERT_REMOVED || it->status == NACLK_ALERT_UNKNOWN;
    return it->when_s + (of_a_start ? kStartSeconds : 0) < began_s + (of_a_start ? 0 : 1);
  }
  return shown->log_id != after || *shown == anchor_of(*it);
}

LogReading take_log(std::vector<naclk_alert> entries, std::uint64_t after, std::uint32_t limit, Continuity continuity) {
  LogReading r;
  r.gap = continuity == Continuity::gap;
  r.last = after;
  const bool anew = r.gap && !entries.empty() && entries.back().log_id < after;
  if (!anew) std::erase_if(entries, [&](const naclk_alert &a) { return a.log_id <= after; });
  if (limit != 0 && entries.size() > limit) entries.resize(limit);
  if (!entries.empty()) r.last = entries.back().log_id;
  r.entries = std::move(entries);
  return r;
}

}  // namespace aclk::external
