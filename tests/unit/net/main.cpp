// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/net/suites.h"

int main() {
  using namespace aclk::test;
  return proxy_answer_suite() + session_cache_suite() + tls_fault_suite();
}
