// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/module/tests.h"

int main() {
  return run_lifecycle_tests() + run_module_tests() + run_ignored_settings_tests() + run_state_tests() +
         run_traffic_tests();
}
