// SPDX-License-Identifier: GPL-3.0-or-later
//
// The suites of this folder, one per file.
#pragma once

int run_states_tests();
int run_connection_state_machine_tests();
int run_attempts_tests();
int run_clock_skew_tests();
int run_peer_log_tests();
int run_drops_tests();
int run_head_start_tests();
int run_outage_log_tests();
int run_connection_manager_tests();
