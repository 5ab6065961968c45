// SPDX-License-Identifier: GPL-3.0-or-later
//
// The groups of tests of aclk/module and aclk/report; each returns the number of failures.
#pragma once

int run_lifecycle_tests();
int run_module_tests();
int run_ignored_settings_tests();
int run_state_tests();
int run_traffic_tests();
