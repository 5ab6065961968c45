// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages about the alerts of a node (proto/README.md, "From agent to cloud"; aclk/sync/README.md, "Alerts"). See
// proto/message_types.h for what all codecs have in common. Fields that the protocol calls deprecated are not offered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct naclk_alert;  // <netdata-aclk/plugin.h>

namespace aclk::proto {

enum class AlarmStatus : std::uint8_t {
  null = 0,
  unknown = 1,
  removed = 2,
  not_a_number = 3,
  clear = 4,
  warning = 5,
  critical = 6,
};

// Topic alarm-log-v2, one transition per message; also the element of AlarmSnapshot. Durations and points in time are
// whole seconds here, as on the wire. The list of its fields, for the wire and for the ABI, is kAlertFields in
// alarms.cpp.
struct AlarmLogEntry {
  std::string node_id;
  std::string claim_id;
  std::string chart;  // chart id
  std::string name;
  std::uint64_t when = 0;
  std::string config_hash;
  std::int32_t utc_offset = 0;
  std::string timezone;
  std::string exec_path;
  std::string conf_source;
  std::string command;
  std::uint32_t duration = 0;
  std::uint32_t non_clear_duration = 0;
  AlarmStatus status = AlarmStatus::null;  // a number that the protocol does not know is read as null
  AlarmStatus old_status = AlarmStatus::null;
  std::uint64_t delay = 0;
  std::uint64_t delay_up_to_timestamp = 0;
  std::uint64_t last_repeat = 0;
  bool silenced = false;
  std::string value_string;  // with unit; "-" = none
  std::string old_value_string;
  double value = 0;  // NaN is sent, and read, as 0
  double old_value = 0;
  bool updated = false;  // superseded by a later transition
  std::string rendered_info;
  std::string chart_context;
  std::uint64_t event_id = 0;
  std::string transition_id;
  std::string chart_name;
  std::string summary;
  std::uint64_t alert_version = 0;

  bool operator==(const AlarmLogEntry &) const = default;
};

// A transition of an alert on its way through the module, from the host to the store and to the wire: what is decided
// by, and the message, which is encoded once (aclk/host/readings.h).
struct Alert {
  std::string alert_id;      // of this alert on this node, over all its transitions
  std::uint64_t log_id = 0;  // position in the node's alert log; 0 = not known
  std::uint64_t when_s = 0;  // also its version
  AlarmStatus status = AlarmStatus::null;
  AlarmStatus old_status = AlarmStatus::null;  // null in what comes from the store
  std::string entry;  // encoded AlarmLogEntry without node_id and claim_id; empty = of an alert that is never sent
};

// What stands before Alert::entry on the wire. Fields of protobuf messages may be concatenated, and these two have the
// lowest numbers: the bytes are those of an AlarmLogEntry that is encoded as a whole.
[[nodiscard]] std::string alert_identity(std::string node_id, std::string claim_id);

// Topic alarm-snapshot-v2: one of `chunks` pieces that share a snapshot_uuid.
struct AlarmSnapshot {
  std::string node_id;
  std::string claim_id;
  std::uint32_t chunks = 0;
  std::uint32_t chunk_size = 0;     // entries in this piece
  std::uint32_t chunk = 0;          // counted from 1
  std::vector<std::string> alarms;  // encoded AlarmLogEntry each
  std::string snapshot_uuid;

  bool operator==(const AlarmSnapshot &) const = default;
};

struct AlarmConfiguration {
  std::string alarm;  // exactly one of alarm and template_name is set
  std::string template_name;
  std::string on_chart, classification, type, component, os, hosts, plugin, module, charts, lookup;
  std::string every;  // seconds as text
  std::string units, green, red, calculation_expr, warning_expr, critical_expr;
  std::string recipient, exec, delay, repeat, info, options, host_labels;
  std::int32_t p_db_lookup_after = 0;  // the five p_db_lookup fields: only of an alert with a database lookup
  std::int32_t p_db_lookup_before = 0;
  std::string p_db_lookup_dimensions, p_db_lookup_method, p_db_lookup_options;
  std::int32_t p_update_every = 0;
  std::string chart_labels, summary;

  bool operator==(const AlarmConfiguration &) const = default;
};

// Topic alarm-config.
struct ProvideAlarmConfiguration {
  std::string config_hash;  // as requested
  AlarmConfiguration config;

  bool operator==(const ProvideAlarmConfiguration &) const = default;
};

// What the host shows of a transition. node_id, claim_id and alert_version are empty: the ABI does not have them.
[[nodiscard]] AlarmLogEntry entry_of(const naclk_alert &alert);

[[nodiscard]] std::string encode(const AlarmLogEntry &m);
[[nodiscard]] std::string encode(const AlarmSnapshot &m);
// config is always present, be it empty.
[[nodiscard]] std::string encode(const ProvideAlarmConfiguration &m);

// Longer entries are not decoded; most have about 600 bytes.
inline constexpr std::size_t kMaxAlarm = 256U << 10;
[[nodiscard]] std::optional<AlarmLogEntry> decode_alarm_log_entry(std::string_view bytes);

}  // namespace aclk::proto
