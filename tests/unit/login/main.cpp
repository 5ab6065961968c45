// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/login/suites.h"

int main() {
  using namespace aclk::test;
  return backoff_suite() + challenge_suite() + cloud_error_suite() + env_suite() + json_suite() + password_suite() +
         status_suite();
}
