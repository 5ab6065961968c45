// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/external/tests.h"

int main() {
  using namespace aclk::external::test;
  return definition_tests() + alert_log_tests() + alert_tests() + change_detector_tests() + find_tests() +
         in_flight_limit_tests() + json_tests() + log_tests() + meta_db_tests() + node_tests() + plugin_start_tests() +
         agent_gave_up_tests() + plugin_status_tests() + printed_json_tests() + replacement_policy_tests() +
         settings_tests() + statistics_tests() + target_tests() + worker_pipe_tests() + worker_restart_policy_tests();
}
