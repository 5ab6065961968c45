// SPDX-License-Identifier: GPL-3.0-or-later
//
// One group per file; each returns the number of its failed tests.
#pragma once

namespace aclk::query::test {

int cmd_tests();
int target_tests();
int allow_tests();
int reply_tests();
int admission_tests();
int service_tests();
int service_budget_tests();
int service_later_tests();
int lent_tests();

}  // namespace aclk::query::test
