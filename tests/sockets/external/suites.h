// SPDX-License-Identifier: GPL-3.0-or-later
//
// One function per test file: runs its group, returns how many failed.
#pragma once

namespace aclk::external::test {

int agent_tests();
int agents_1_43_tests();
int hook_tests();
int hook_alert_tests();
int http_multi_tests();
int http_tests();
int local_tests();
int peer_owner_tests();
int polled_answers_tests();
int poller_tests();
int process_tests();

}  // namespace aclk::external::test
