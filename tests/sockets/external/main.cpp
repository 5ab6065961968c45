// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sockets/external/suites.h"

int main() {
  using namespace aclk::external::test;
  return agent_tests() + agents_1_43_tests() + hook_tests() + hook_alert_tests() + http_multi_tests() + http_tests() +
         local_tests() + peer_owner_tests() + polled_answers_tests() + poller_tests() + process_tests();
}
