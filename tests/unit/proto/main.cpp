// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/proto/tests.h"

int main() {
  return run_command_dispatch_tests() + run_golden_tests() + run_hostile_tests() + run_message_type_tests() +
         run_value_tests();
}
