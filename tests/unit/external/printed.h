// SPDX-License-Identifier: GPL-3.0-or-later
//
// Documents as netdata 1.37.1 prints them: with printf, without escaping the texts (the samples v1_quotes_* are its
// own).
#pragma once

#include <string>
#include <vector>

namespace aclk::external::test {

struct PrintedAlarm {
  std::string exec, recipient, source, units, info, class_name;
  std::string status = "CLEAR";
  unsigned id = 7;
  std::string name = "mine";
};

struct PrintedChild {
  std::string guid, hostname;
  bool reachable = true;
};

// /api/v1/alarms?all
[[nodiscard]] std::string print_alarms(const std::string &hostname, const std::vector<PrintedAlarm> &alarms);
// /api/v1/alarm_log
[[nodiscard]] std::string print_alarm_log(const std::string &hostname, const std::vector<PrintedAlarm> &entries);
// /api/v1/info; the first child is the node itself.
[[nodiscard]] std::string print_info(const std::vector<PrintedChild> &children, const std::string &os_name,
                                     const std::string &label);
// /api/v1/charts
[[nodiscard]] std::string print_charts(const std::string &hostname, const std::string &title,
                                       const std::string &dimension);
// /api/v1/contexts
[[nodiscard]] std::string print_contexts(const std::string &hostname, const std::string &title);

}  // namespace aclk::external::test
