// SPDX-License-Identifier: GPL-3.0-or-later
//
// The groups of tests of aclk/sync; each returns the number of failures.
#pragma once

int run_alert_property_tests();
int run_alert_sync_tests();
int run_commands_tests();
int run_context_property_tests();
int run_context_sync_tests();
int run_contexts_tests();
int run_write_behind_store_tests();
int run_look_ups_tests();
int run_node_sync_tests();
int run_store_tests();
