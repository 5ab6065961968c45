// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/mqtt/tests.h"

int main() {
  return run_keepalive_tests() + run_mqtt_client_tests() + run_outbox_tests() + run_publish_queue_tests() +
         run_reasons_tests() + run_ws_frame_tests();
}
