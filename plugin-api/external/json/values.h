// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the hooks show of alerts, as C++ values: filled by the read_*.cpp files from the agent's JSON, turned into the
// structs of the ABI by show.cpp. Fields mean what <netdata-aclk/plugin.h> says of the fields with the same names.
#pragma once

#include <netdata-aclk/plugin.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace aclk::external {

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
