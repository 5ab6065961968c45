// SPDX-License-Identifier: GPL-3.0-or-later
//
// One group per file; each returns how many of its tests failed.
#pragma once

int run_command_dispatch_tests();
int run_golden_tests();
int run_hostile_tests();
int run_message_type_tests();
int run_value_tests();
