// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/external/tests.h"

int main() {
  using namespace aclk::external::test;
  return settings_tests() + find_tests() + json_tests() + printed_json_tests() + agents_1_43_tests() + node_tests() +
         alert_tests() + alert_log_tests() + meta_db_tests() + definition_tests() + target_tests() + watch_tests() +
         keeper_tests() + peer_owner_tests() + plugin_start_tests() + plugin_words_tests() + log_tests() +
         http_tests() + agent_tests() + hook_tests() + hook_alert_tests() + polled_answers_tests() + local_tests() +
         statistics_tests() + word_tests() + process_tests();
}
