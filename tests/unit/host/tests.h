// SPDX-License-Identifier: GPL-3.0-or-later
//
// The groups of tests of aclk/host; each returns the number of failures.
#pragma once

int run_readings_tests();
int run_failing_reads_tests();
int run_host_tests();
int run_log_tests();
int run_reader_tests();
