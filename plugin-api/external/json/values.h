// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the hooks show, as C++ values: filled by the read_*.cpp files from the agent's JSON, turned into the structs of
// the ABI by show.cpp. Fields mean what <netdata-aclk/plugin.h> says of the fields with the same names.
#pragma once

#include <netdata-aclk/plugin.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace aclk::external {

struct Capability {
  std::string name;
  std::uint32_t version = 0;
  bool enabled = false;

  bool operator==(const Capability &) const = default;
};

struct Node {
  std::string machine_guid;
  std::string hostname;
  std::int32_t hops = 0;
  bool local = false;
  bool live = false;
  bool replicating = false;
  bool health_enabled = false;
  bool ml_capable = false;
  bool ml_enabled = false;
  std::vector<Capability> capabilities;

  bool operator==(const Node &) const = default;
};

using Labels = std::vector<std::pair<std::string, std::string>>;

struct NodeInfo {
  std::string name, os, os_name, os_version, kernel_name, kernel_version, architecture;
  std::uint32_t cpus = 0;
  std::string cpu_frequency_hz, memory_bytes, disk_bytes, version, release_channel, timezone, virtualization, container,
      custom_info;
  bool own_ml_capable = false;
  bool own_ml_enabled = false;
  Labels labels;
};

struct Collector {
  std::string plugin;
  std::string module;

  bool operator==(const Collector &) const = default;
  bool operator<(const Collector &o) const { return std::tie(plugin, module) < std::tie(o.plugin, o.module); }
};

struct Context {
  std::string id, title, units, family, chart_type;
  std::uint64_t priority = 0;
  std::uint64_t first_s = 0;
  std::uint64_t last_s = 0;
  bool collected = false;
};

struct Alert {
  std::uint64_t log_id = 0;
  std::string alert_id;
  std::uint64_t event_id = 0;
  std::string transition_id, config_hash, name, chart, chart_name, context, summary, info, units, exec, conf_source,
      command, timezone;
  std::int32_t utc_offset_s = 0;
  std::uint64_t when_s = 0;
  std::int64_t duration_s = 0;
  std::int64_t non_clear_duration_s = 0;
  std::uint32_t status = NACLK_ALERT_UNKNOWN;
  std::uint32_t old_status = NACLK_ALERT_UNKNOWN;
  std::uint64_t delay_s = 0;
  std::uint64_t delay_up_to_s = 0;
  std::uint64_t last_repeat_s = 0;
  bool silenced = false;
  bool superseded = false;
  bool variable = false;
  double value = NAN;
  double old_value = NAN;
  std::string value_string, old_value_string;
};

struct AlertConfig {
  std::string config_hash, alarm, template_name, on_chart, classification, type, component, os, hosts, plugin, module,
      charts, lookup, every, units, green, red, calculation_expr, warning_expr, critical_expr, recipient, exec, delay,
      repeat, info, summary, options, host_labels, chart_labels;
  bool has_lookup = false;
  std::int32_t lookup_after = 0;
  std::int32_t lookup_before = 0;
  std::string lookup_dimensions, lookup_method, lookup_options;
  std::int32_t update_every_s = 0;
  // Not of the ABI:
  std::string conf_source;  // line=4,file=/path
  bool partial = false;     // read from a log entry; the expressions are not known
};

}  // namespace aclk::external
