// SPDX-License-Identifier: GPL-3.0-or-later
#include "proto/alarms.h"

#include <cmath>

#include "proto/aclk_alarms.pb-c.h"
#include "proto/wire.h"

namespace aclk::proto {
namespace {

double number(double v) { return std::isnan(v) ? 0 : v; }

AlarmStatus status(std::int32_t v) {
  return v >= 0 && v <= static_cast<std::int32_t>(AlarmStatus::critical) ? static_cast<AlarmStatus>(v)
                                                                         : AlarmStatus::null;
}

void fill(wire::Arena &a, const AlarmLogEntry &m, AclkWire__AlarmLogEntry &w) {
  w.node_id = a.text(m.node_id);
  w.claim_id = a.text(m.claim_id);
  w.chart = a.text(m.chart);
  w.name = a.text(m.name);
  w.when = m.when;
  w.config_hash = a.text(m.config_hash);
  w.utc_offset = m.utc_offset;
  w.timezone = a.text(m.timezone);
  w.exec_path = a.text(m.exec_path);
  w.conf_source = a.text(m.conf_source);
  w.command = a.text(m.command);
  w.duration = m.duration;
  w.non_clear_duration = m.non_clear_duration;
  w.status = static_cast<std::int32_t>(m.status);
  w.old_status = static_cast<std::int32_t>(m.old_status);
  w.delay = m.delay;
  w.delay_up_to_timestamp = m.delay_up_to_timestamp;
  w.last_repeat = m.last_repeat;
  w.silenced = m.silenced ? 1 : 0;
  w.value_string = a.text(m.value_string);
  w.old_value_string = a.text(m.old_value_string);
  w.value = number(m.value);
  w.old_value = number(m.old_value);
  w.updated = m.updated ? 1 : 0;
  w.rendered_info = a.text(m.rendered_info);
  w.chart_context = a.text(m.chart_context);
  w.event_id = m.event_id;
  w.transition_id = a.text(m.transition_id);
  w.chart_name = a.text(m.chart_name);
  w.summary = a.text(m.summary);
  w.alert_version = m.alert_version;
}

AlarmLogEntry read(wire::Reader &r, const AclkWire__AlarmLogEntry &w) {
  return {.node_id = r.text(w.node_id),
          .claim_id = r.text(w.claim_id),
          .chart = r.text(w.chart),
          .name = r.text(w.name),
          .when = w.when,
          .config_hash = r.text(w.config_hash),
          .utc_offset = w.utc_offset,
          .timezone = r.text(w.timezone),
          .exec_path = r.text(w.exec_path),
          .conf_source = r.text(w.conf_source),
          .command = r.text(w.command),
          .duration = w.duration,
          .non_clear_duration = w.non_clear_duration,
          .status = status(w.status),
          .old_status = status(w.old_status),
          .delay = w.delay,
          .delay_up_to_timestamp = w.delay_up_to_timestamp,
          .last_repeat = w.last_repeat,
          .silenced = w.silenced != 0,
          .value_string = r.text(w.value_string),
          .old_value_string = r.text(w.old_value_string),
          .value = number(w.value),
          .old_value = number(w.old_value),
          .updated = w.updated != 0,
          .rendered_info = r.text(w.rendered_info),
          .chart_context = r.text(w.chart_context),
          .event_id = w.event_id,
          .transition_id = r.text(w.transition_id),
          .chart_name = r.text(w.chart_name),
          .summary = r.text(w.summary),
          .alert_version = w.alert_version};
}

void fill(wire::Arena &a, const AlarmConfiguration &m, AclkWire__AlarmConfiguration &w) {
  w.alarm = a.text(m.alarm);
  w.template_ = a.text(m.template_name);
  w.on_chart = a.text(m.on_chart);
  w.classification = a.text(m.classification);
  w.type = a.text(m.type);
  w.component = a.text(m.component);
  w.os = a.text(m.os);
  w.hosts = a.text(m.hosts);
  w.plugin = a.text(m.plugin);
  w.module = a.text(m.module);
  w.charts = a.text(m.charts);
  w.lookup = a.text(m.lookup);
  w.every = a.text(m.every);
  w.units = a.text(m.units);
  w.green = a.text(m.green);
  w.red = a.text(m.red);
  w.calculation_expr = a.text(m.calculation_expr);
  w.warning_expr = a.text(m.warning_expr);
  w.critical_expr = a.text(m.critical_expr);
  w.recipient = a.text(m.recipient);
  w.exec = a.text(m.exec);
  w.delay = a.text(m.delay);
  w.repeat = a.text(m.repeat);
  w.info = a.text(m.info);
  w.options = a.text(m.options);
  w.host_labels = a.text(m.host_labels);
  w.p_db_lookup_after = m.p_db_lookup_after;
  w.p_db_lookup_before = m.p_db_lookup_before;
  w.p_db_lookup_dimensions = a.text(m.p_db_lookup_dimensions);
  w.p_db_lookup_method = a.text(m.p_db_lookup_method);
  w.p_db_lookup_options = a.text(m.p_db_lookup_options);
  w.p_update_every = m.p_update_every;
  w.chart_labels = a.text(m.chart_labels);
  w.summary = a.text(m.summary);
}

AlarmConfiguration read(wire::Reader &r, const AclkWire__AlarmConfiguration &w) {
  return {.alarm = r.text(w.alarm),
          .template_name = r.text(w.template_),
          .on_chart = r.text(w.on_chart),
          .classification = r.text(w.classification),
          .type = r.text(w.type),
          .component = r.text(w.component),
          .os = r.text(w.os),
          .hosts = r.text(w.hosts),
          .plugin = r.text(w.plugin),
          .module = r.text(w.module),
          .charts = r.text(w.charts),
          .lookup = r.text(w.lookup),
          .every = r.text(w.every),
          .units = r.text(w.units),
          .green = r.text(w.green),
          .red = r.text(w.red),
          .calculation_expr = r.text(w.calculation_expr),
          .warning_expr = r.text(w.warning_expr),
          .critical_expr = r.text(w.critical_expr),
          .recipient = r.text(w.recipient),
          .exec = r.text(w.exec),
          .delay = r.text(w.delay),
          .repeat = r.text(w.repeat),
          .info = r.text(w.info),
          .options = r.text(w.options),
          .host_labels = r.text(w.host_labels),
          .p_db_lookup_after = w.p_db_lookup_after,
          .p_db_lookup_before = w.p_db_lookup_before,
          .p_db_lookup_dimensions = r.text(w.p_db_lookup_dimensions),
          .p_db_lookup_method = r.text(w.p_db_lookup_method),
          .p_db_lookup_options = r.text(w.p_db_lookup_options),
          .p_update_every = w.p_update_every,
          .chart_labels = r.text(w.chart_labels),
          .summary = r.text(w.summary)};
}

}  // namespace

std::string encode(const AlarmLogEntry &m) {
  wire::Arena a;
  AclkWire__AlarmLogEntry w = ACLK_WIRE__ALARM_LOG_ENTRY__INIT;
  fill(a, m, w);
  return ACLK_PACK(alarm_log_entry, AlarmLogEntry)(w);
}

std::string encode(const AlarmSnapshot &m) {
  wire::Arena a;
  AclkWire__AlarmSnapshot w = ACLK_WIRE__ALARM_SNAPSHOT__INIT;
  w.node_id = a.text(m.node_id);
  w.claim_id = a.text(m.claim_id);
  w.chunks = m.chunks;
  w.chunk_size = m.chunk_size;
  w.chunk = m.chunk;
  w.n_alarms = m.alarms.size();
  w.alarms = a.list(w.n_alarms, aclk_wire__alarm_log_entry__init);
  for (std::size_t i = 0; i < w.n_alarms; ++i) fill(a, m.alarms[i], *w.alarms[i]);
  w.snapshot_uuid = a.text(m.snapshot_uuid);
  return ACLK_PACK(alarm_snapshot, AlarmSnapshot)(w);
}

std::string encode(const ProvideAlarmConfiguration &m) {
  wire::Arena a;
  AclkWire__AlarmConfiguration config = ACLK_WIRE__ALARM_CONFIGURATION__INIT;
  fill(a, m.config, config);
  AclkWire__ProvideAlarmConfiguration w = ACLK_WIRE__PROVIDE_ALARM_CONFIGURATION__INIT;
  w.config_hash = a.text(m.config_hash);
  w.config = &config;
  return ACLK_PACK(provide_alarm_configuration, ProvideAlarmConfiguration)(w);
}

std::optional<AlarmLogEntry> decode_alarm_log_entry(std::string_view bytes) {
  const auto w = ACLK_UNPACK(alarm_log_entry, AlarmLogEntry)(bytes, kMaxAlarm);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(read(r, *w));
}

std::optional<AlarmSnapshot> decode_alarm_snapshot(std::string_view bytes) {
  const auto w = ACLK_UNPACK(alarm_snapshot, AlarmSnapshot)(bytes, kMaxAlarmSnapshot);
  if (!w) return std::nullopt;
  wire::Reader r;
  AlarmSnapshot m;
  m.node_id = r.text(w->node_id);
  m.claim_id = r.text(w->claim_id);
  m.chunks = w->chunks;
  m.chunk_size = w->chunk_size;
  m.chunk = w->chunk;
  m.alarms.reserve(w->n_alarms);
  for (std::size_t i = 0; i < w->n_alarms; ++i) m.alarms.push_back(read(r, *w->alarms[i]));
  m.snapshot_uuid = r.text(w->snapshot_uuid);
  return r.done(std::move(m));
}

std::optional<ProvideAlarmConfiguration> decode_provide_alarm_configuration(std::string_view bytes) {
  const auto w = ACLK_UNPACK(provide_alarm_configuration, ProvideAlarmConfiguration)(bytes, kMaxAlarm);
  if (!w) return std::nullopt;
  wire::Reader r;
  ProvideAlarmConfiguration m;
  m.config_hash = r.text(w->config_hash);
  if (w->config != nullptr) m.config = read(r, *w->config);
  return r.done(std::move(m));
}

}  // namespace aclk::proto
