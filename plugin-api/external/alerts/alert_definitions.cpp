// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/alerts/alert_definitions.h"

#include <fmt/format.h>

#include <algorithm>

#include "claim/base/uuid.h"
#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDefinitions = 20'000;
constexpr std::size_t kMaxHashes = 200'000;
// Namespace of the UUIDs made here. Any fixed one would do; it must never change.
constexpr std::string_view kNamespace = "6f1c0f52-93b4-5d0e-9b1e-2f3f4f0f7a11";

std::string alert_key(std::string_view node, std::string_view chart, std::string_view name) {
  return fmt::format("{}\n{}\n{}", node, chart, name);
}

std::int32_t int32_of(const json &object, const char *key) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(int_of(object, key), INT32_MIN, INT32_MAX));
}

// The agent's own hash if it has one (1.38 and later), else a UUID over the fields.
std::string hash_of(const json &item, const std::string &fields) {
  auto own = agents_uuid(text_of(item, "config_hash_id"));
  return own.empty() ? named_uuid(kNamespace, fields) : own;
}

// What alarms and log entries have in common.
AlertConfig common_of(const json &item) {
  AlertConfig c;
  c.classification = text_of(item, "class");
  c.type = text_of(item, "type");
  c.component = text_of(item, "component");
  c.units = text_of(item, "units");
  c.recipient = text_of(item, "recipient");
  c.exec = text_of(item, "exec");
  c.info = html_unescape(text_of(item, "info"));
  c.summary = html_unescape(text_of(item, "summary"));
  c.conf_source = parse_source(text_of(item, "source")).conf_source();
  return c;
}

std::string delay_text(const json &alarm) {
  const auto up = int_of(alarm, "delay_up_duration");
  const auto down = int_of(alarm, "delay_down_duration");
  if (up == 0 && down == 0) return {};
  return fmt::format("up {}s down {}s multiplier {:g} max {}s", up, down,
                     number_of(alarm, "delay_multiplier").value_or(1), int_of(alarm, "delay_max_duration"));
}

std::string repeat_text(const json &alarm) {
  const auto warn = int_of(alarm, "warn_repeat_every");
  const auto crit = int_of(alarm, "crit_repeat_every");
  return warn == 0 && crit == 0 ? std::string() : fmt::format("warning {}s critical {}s", warn, crit);
}

void add_block(AlertConfig &c, const HealthBlock &block) {
  const auto take = [&](const char *key, std::string &into) {
    if (const auto it = block.find(key); it != block.end()) into = it->second;
  };
  take("on", c.on_chart);
  take("os", c.os);
  take("hosts", c.hosts);
  take("plugin", c.plugin);
  take("module", c.module);
  take("charts", c.charts);
  take("lookup", c.lookup);
  take("delay", c.delay);
  take("repeat", c.repeat);
  take("info", c.info);  // with its $variables, not those of one chart
  take("summary", c.summary);
  take("options", c.options);
  take("host labels", c.host_labels);
  take("chart labels", c.chart_labels);
}

void set_name(AlertConfig &c, bool is_alarm, std::string name) {
  (is_alarm ? c.alarm : c.template_name) = std::move(name);
}

std::string joined(const json &list) {
  std::string out;
  for (const auto &item : list)
    if (item.is_string()) out += (out.empty() ? "" : " ") + item.get<std::string>();
  return out;
}

}  // namespace

bool is_variable(const AlertConfig &config) {
  return !config.partial && config.warning_expr.empty() && config.critical_expr.empty();
}

AlertConfig definition_of_alarm(const json &alarm, std::string_view context, const HealthDirectories &directories) {
  auto c = common_of(alarm);
  const auto name = text_of(alarm, "name");
  const auto source = text_of(alarm, "source");
  c.update_every_s = int32_of(alarm, "update_every");
  c.every = std::to_string(c.update_every_s);
  c.calculation_expr = html_unescape(text_of(alarm, "calc"));
  c.warning_expr = html_unescape(text_of(alarm, "warn"));
  c.critical_expr = html_unescape(text_of(alarm, "crit"));
  c.green = text_of(alarm, "green");
  c.red = text_of(alarm, "red");
  c.delay = delay_text(alarm);
  c.repeat = repeat_text(alarm);
  if (bool_of(alarm, "no_clear_notification")) c.options = "no-clear-notification";
  c.has_lookup = int_of(alarm, "lookup_after") != 0;
  if (c.has_lookup) {
    c.lookup_after = int32_of(alarm, "lookup_after");
    c.lookup_before = int32_of(alarm, "lookup_before");
    c.lookup_dimensions = text_of(alarm, "lookup_dimensions");
    c.lookup_method = text_of(alarm, "lookup_method");
    c.lookup_options = text_of(alarm, "lookup_options");
  }
  // Not of the hash: info (its variables are those of one chart), and whatever is read from the file.
  const auto fields =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{} {} {} {} {}", name, source,
                  c.classification, c.type, c.component, c.units, c.recipient, c.exec, c.every, c.calculation_expr,
                  c.warning_expr, c.critical_expr, c.green, c.red, c.delay, c.repeat, c.options, c.lookup_after,
                  c.lookup_before, c.lookup_dimensions, c.lookup_method, c.lookup_options);
  c.config_hash = hash_of(alarm, fields);

  bool is_alarm = false;
  if (const auto block = read_health_block(parse_source(source), directories)) {
    is_alarm = block->count("alarm") != 0;
    add_block(c, *block);
  } else {
    c.on_chart = context;  // nearly all stock definitions are templates on a context
  }
  set_name(c, is_alarm, name);
  return c;
}

AlertConfig definition_of_log_entry(const json &entry) {
  auto c = common_of(entry);
  c.template_name = text_of(entry, "name");
  c.on_chart = text_of(entry, "context");
  const auto fields = fmt::format("log\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", c.template_name, text_of(entry, "source"),
                                  c.classification, c.type, c.component, c.units, c.recipient, c.exec);
  c.config_hash = hash_of(entry, fields);
  c.partial = true;
  return c;
}

AlertConfig definition_of_alert_config(const json &config, std::string_view hash,
                                       const std::optional<AlertConfig> &known) {
  AlertConfig c;
  c.config_hash = hash;
  const auto &selectors = object_of(config, "selectors");
  const bool is_alarm = text_of(selectors, "type") == "alarm";
  auto name = text_of(config, "name");
  c.on_chart = text_of(selectors, "on");
  // For templates some versions say "name": null and put the name into `on`.
  if (name.empty()) {
    name = c.on_chart;
    c.on_chart = known ? known->on_chart : std::string();
  }
  set_name(c, is_alarm, std::move(name));
  c.host_labels = text_of(selectors, "host_labels");
  c.chart_labels = text_of(selectors, "chart_labels");

  const auto &value = object_of(config, "value");
  c.units = text_of(value, "units");
  c.update_every_s = int32_of(value, "update_every");
  c.every = std::to_string(c.update_every_s);
  c.calculation_expr = text_of(value, "calc");
  const auto &db = object_of(value, "db");
  c.has_lookup = int_of(db, "after") != 0;
  if (c.has_lookup) {
    c.lookup_after = int32_of(db, "after");
    c.lookup_before = int32_of(db, "before");
    c.lookup_dimensions = text_of(db, "dimensions");
    c.lookup_method = text_of(db, "method");
    c.lookup_options = joined(array_of(db, "options"));
  }
  const auto &status = object_of(config, "status");
  c.green = text_of(status, "green");
  c.red = text_of(status, "red");
  c.warning_expr = text_of(status, "warn");
  c.critical_expr = text_of(status, "crit");
  const auto &notification = object_of(config, "notification");
  c.exec = text_of(notification, "exec");
  c.recipient = text_of(notification, "to");
  c.delay = text_of(notification, "delay");
  c.repeat = text_of(notification, "repeat");
  c.options = text_of(notification, "options");
  c.classification = text_of(config, "class");
  c.component = text_of(config, "component");
  c.type = text_of(config, "type");
  c.info = text_of(config, "info");
  c.summary = text_of(config, "summary");
  return c;
}

void AlertDefinitions::learn(std::string_view node, std::string_view chart, std::string_view name, AlertConfig config) {
  const std::lock_guard lock(mutex_);
  if (by_hash_.size() >= kMaxDefinitions) by_hash_.clear();
  if (hash_of_alert_.size() >= kMaxHashes) hash_of_alert_.clear();
  hash_of_alert_.insert_or_assign(alert_key(node, chart, name), config.config_hash);
  auto hash = config.config_hash;
  by_hash_.insert_or_assign(std::move(hash), std::move(config));
}

void AlertDefinitions::remember(AlertConfig config) {
  const std::lock_guard lock(mutex_);
  if (by_hash_.size() >= kMaxDefinitions) by_hash_.clear();
  auto hash = config.config_hash;
  by_hash_.insert_or_assign(std::move(hash), std::move(config));
}

std::optional<AlertConfig> AlertDefinitions::of_hash(std::string_view config_hash) const {
  const std::lock_guard lock(mutex_);
  const auto it = by_hash_.find(config_hash);
  return it == by_hash_.end() ? std::nullopt : std::optional<AlertConfig>(it->second);
}

std::optional<AlertConfig> AlertDefinitions::of_alert(std::string_view node, std::string_view chart,
                                                      std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto alert = hash_of_alert_.find(alert_key(node, chart, name));
  if (alert == hash_of_alert_.end()) return std::nullopt;
  const auto it = by_hash_.find(alert->second);
  return it == by_hash_.end() ? std::nullopt : std::optional<AlertConfig>(it->second);
}

}  // namespace aclk::external
