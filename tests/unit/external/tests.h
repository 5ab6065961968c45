// SPDX-License-Identifier: GPL-3.0-or-later
//
// One group per file; each returns the number of its failed tests.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "plugin-api/external/json/lenient_json.h"

// After everything of ours: cmocka makes macros of fail() and others.
#include "tests/unit/cmocka_main.h"

namespace aclk::external::test {

int in_flight_limit_tests();
int settings_tests();
int find_tests();
int json_tests();
int printed_json_tests();
int node_tests();
int alert_tests();
int alert_log_tests();
int meta_db_tests();
int definition_tests();
int target_tests();
int change_detector_tests();
int worker_restart_policy_tests();
int replacement_policy_tests();
int plugin_start_tests();
int agent_gave_up_tests();
int worker_pipe_tests();
int log_tests();
int statistics_tests();
int plugin_status_tests();

inline std::string sample(const std::string &name) {
  std::ifstream in(ACLK_TESTS_DIR "/unit/external/samples/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline nlohmann::json sample_json(const std::string &name) { return parse_agent_json(sample(name), name).value(); }

inline constexpr const char *kLocal = "9fec1476-e551-11f1-b503-02fc00000001";
inline constexpr const char *kChild = "b017cf8e-e551-11f1-9495-02fc00000001";

}  // namespace aclk::external::test
