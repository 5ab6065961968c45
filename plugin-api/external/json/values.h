// SPDX-License-Identifier: GPL-3.0-or-later
//
// The definition of an alert, as it is remembered (alert_definitions.h); show.cpp turns it into the struct of the ABI.
// Fields mean what <netdata-aclk/plugin.h> says of the fields with the same names.
#pragma once

#include <cstdint>
#include <string>

namespace aclk::external {

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
