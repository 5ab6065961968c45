// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/query/tests.h"

int main() {
  using namespace aclk::query::test;
  return cmd_tests() + target_tests() + allow_tests() + reply_tests() + admission_tests() + service_tests() +
         service_budget_tests() + service_later_tests() + lent_tests();
}
