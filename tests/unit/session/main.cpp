// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/session/tests.h"

int main() {
  return run_states_tests() + run_connection_state_machine_tests() + run_attempts_tests() + run_clock_skew_tests() +
         run_peer_log_tests() + run_drops_tests() + run_head_start_tests() + run_outage_log_tests() +
         run_connection_manager_tests();
}
