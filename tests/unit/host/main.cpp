// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/host/tests.h"

int main() {
  return run_readings_tests() + run_failing_reads_tests() + run_host_tests() + run_log_tests() + run_reader_tests();
}
