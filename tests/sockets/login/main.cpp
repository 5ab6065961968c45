// SPDX-License-Identifier: GPL-3.0-or-later
#include <csignal>
#include <cstdlib>
#include <initializer_list>

#include "tests/sockets/login/suites.h"

int main() {
  std::signal(SIGPIPE, SIG_IGN);  // as the product does
  // No test trusts this machine's authorities: reading them for each connection takes most of the time.
  ::setenv("SSL_CERT_FILE", "/dev/null", 1);
  using namespace aclk::test;
  int failed = 0;
  for (const auto suite : {login_suite}) failed += suite();
  return failed == 0 ? 0 : 1;
}
