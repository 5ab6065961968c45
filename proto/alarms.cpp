// SPDX-License-Identifier: GPL-3.0-or-later
#include "proto/alarms.h"

#include <netdata-aclk/plugin.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>

#include "proto/aclk_alarms.pb-c.h"
#include "proto/wire.h"

namespace aclk::proto {
namespace {

double number(double v) { return std::isnan(v) ? 0 : v; }

AlarmStatus status(std::int32_t v) {
  return v >= 0 && v <= static_cast<std::int32_t>(AlarmStatus::critical) ? static_cast<AlarmStatus>(v)
                                                                         : AlarmStatus::null;
}

// One field of an alert: here, on the wire, and in the ABI if it has it.
template <class Here, class Wire, class Abi>
struct Field {
  Here here;
  Wire wire;
  Abi abi;
};
struct NotInAbi {};

template <class Here, class Wire, class Abi = NotInAbi>
constexpr Field<Here, Wire, Abi> field(Here here, Wire wire, Abi abi = {}) {
  return {here, wire, abi};
}

using Entry = AlarmLogEntry;
using WireEntry = AclkWire__AlarmLogEntry;
using AbiAlert = naclk_alert;

// The one list of an alert's fields.
constexpr auto kAlertFields = std::make_tuple(
    field(&Entry::node_id, &WireEntry::node_id), field(&Entry::claim_id, &WireEntry::claim_id),
    field(&Entry::chart, &WireEntry::chart, &AbiAlert::chart), field(&Entry::name, &WireEntry::name, &AbiAlert::name),
    field(&Entry::when, &WireEntry::when, &AbiAlert::when_s),
    field(&Entry::config_hash, &WireEntry::config_hash, &AbiAlert::config_hash),
    field(&Entry::utc_offset, &WireEntry::utc_offset, &AbiAlert::utc_offset_s),
    field(&Entry::timezone, &WireEntry::timezone, &AbiAlert::timezone),
    field(&Entry::exec_path, &WireEntry::exec_path, &AbiAlert::exec),
    field(&Entry::conf_source, &WireEntry::conf_source, &AbiAlert::conf_source),
    field(&Entry::command, &WireEntry::command, &AbiAlert::command),
    field(&Entry::duration, &WireEntry::duration, &AbiAlert::duration_s),
    field(&Entry::non_clear_duration, &WireEntry::non_clear_duration, &AbiAlert::non_clear_duration_s),
    field(&Entry::status, &WireEntry::status, &AbiAlert::status),
    field(&Entry::old_status, &WireEntry::old_status, &AbiAlert::old_status),
    field(&Entry::delay, &WireEntry::delay, &AbiAlert::delay_s),
    field(&Entry::delay_up_to_timestamp, &WireEntry::delay_up_to_timestamp, &AbiAlert::delay_up_to_s),
    field(&Entry::last_repeat, &WireEntry::last_repeat, &AbiAlert::last_repeat_s),
    field(&Entry::silenced, &WireEntry::silenced, &AbiAlert::silenced),
    field(&Entry::value_string, &WireEntry::value_string, &AbiAlert::value_string),
    field(&Entry::old_value_string, &WireEntry::old_value_string, &AbiAlert::old_value_string),
    field(&Entry::value, &WireEntry::value, &AbiAlert::value),
    field(&Entry::old_value, &WireEntry::old_value, &AbiAlert::old_value),
    field(&Entry::updated, &WireEntry::updated, &AbiAlert::superseded),
    field(&Entry::rendered_info, &WireEntry::rendered_info, &AbiAlert::info),
    field(&Entry::chart_context, &WireEntry::chart_context, &AbiAlert::context),
    field(&Entry::event_id, &WireEntry::event_id, &AbiAlert::event_id),
    field(&Entry::transition_id, &WireEntry::transition_id, &AbiAlert::transition_id),
    field(&Entry::chart_name, &WireEntry::chart_name, &AbiAlert::chart_name),
    field(&Entry::summary, &WireEntry::summary, &AbiAlert::summary),
    field(&Entry::alert_version, &WireEntry::alert_version));

template <class Do>
void each_alert_field(Do &&act) {
  std::apply([&](const auto &...f) { (act(f), ...); }, kAlertFields);
}

// How the values of one field go from one struct to another.
struct ToWire {
  wire::Arena &arena;
  void operator()(const std::string &from, char *&to) const { to = arena.text(from); }
  void operator()(double from, double &to) const { to = number(from); }
  void operator()(bool from, protobuf_c_boolean &to) const { to = from ? 1 : 0; }
  void operator()(AlarmStatus from, std::int32_t &to) const { to = static_cast<std::int32_t>(from); }
  template <std::integral T>
  void operator()(const T &from, T &to) const {
    to = from;
  }
};

struct FromWire {
  wire::Reader &reader;
  void operator()(const char *from, std::string &to) const { to = reader.text(from); }
  void operator()(double from, double &to) const { to = number(from); }
  void operator()(protobuf_c_boolean from, bool &to) const { to = from != 0; }
  void operator()(std::int32_t from, AlarmStatus &to) const { to = status(from); }
  template <std::integral T>
  void operator()(const T &from, T &to) const {
    to = from;
  }
};

struct FromAbi {
  void operator()(naclk_str from, std::string &to) const {
    if (from.data != nullptr) to.assign(from.data, from.len);
  }
  void operator()(double from, double &to) const { to = from; }
  void operator()(std::int32_t from, bool &to) const { to = from != 0; }
  void operator()(std::uint32_t from, AlarmStatus &to) const {
    to = from <= NACLK_ALERT_CRITICAL ? static_cast<AlarmStatus>(from) : AlarmStatus::unknown;
  }
  // Durations: the wire counts them from 0 (proto/README.md, "From agent to cloud").
  void operator()(std::int64_t from, std::uint32_t &to) const {
    to = static_cast<std::uint32_t>(std::clamp<std::int64_t>(from, 0, UINT32_MAX));
  }
  template <std::integral T>
  void operator()(const T &from, T &to) const {
    to = from;
  }
};

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

}  // namespace

AlarmLogEntry entry_of(const naclk_alert &alert) {
  AlarmLogEntry m;
  each_alert_field([&](const auto &f) {
    if constexpr (!std::is_same_v<std::decay_t<decltype(f.abi)>, NotInAbi>) FromAbi{}(alert.*f.abi, m.*f.here);
  });
  return m;
}

std::string alert_identity(std::string node_id, std::string claim_id) {
  AlarmLogEntry m;
  m.node_id = std::move(node_id);
  m.claim_id = std::move(claim_id);
  return encode(m);
}

std::string encode(const AlarmLogEntry &m) {
  wire::Arena a;
  AclkWire__AlarmLogEntry w = ACLK_WIRE__ALARM_LOG_ENTRY__INIT;
  each_alert_field([&](const auto &f) { ToWire{a}(m.*f.here, w.*f.wire); });
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
  std::vector<ProtobufCBinaryData> alarms;
  alarms.reserve(m.alarms.size());
  // protobuf-c does not write into what it packs.
  for (const auto &entry : m.alarms)
    alarms.push_back({entry.size(), reinterpret_cast<std::uint8_t *>(const_cast<char *>(entry.data()))});
  w.n_alarms = alarms.size();
  w.alarms = alarms.data();
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
  AlarmLogEntry m;
  each_alert_field([&](const auto &f) { FromWire{r}(w.get()->*f.wire, m.*f.here); });
  return r.done(std::move(m));
}

}  // namespace aclk::proto
