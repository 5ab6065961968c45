// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace aclk::test {

// Runs the group of test_log_budget.cpp; how many failed.
int log_budget_suite();
// The same of test_text.cpp.
int text_suite();

}  // namespace aclk::test
