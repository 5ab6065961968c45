// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/sync/tests.h"

int main() {
  return run_node_sync_tests() + run_store_tests() + run_write_behind_store_tests() + run_look_ups_tests() +
         run_context_sync_tests() + run_contexts_tests() + run_alert_sync_tests() + run_context_property_tests() +
         run_alert_property_tests() + run_commands_tests();
}
