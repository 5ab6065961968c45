// SPDX-License-Identifier: GPL-3.0-or-later
#include <csignal>
#include <cstdlib>
#include <initializer_list>

#include "tests/sockets/net/suites.h"

int main() {
  std::signal(SIGPIPE, SIG_IGN);  // as the product does
  // No test trusts this machine's authorities: reading them for each connection takes most of the time.
  ::setenv("SSL_CERT_FILE", "/dev/null", 1);
  using namespace aclk::test;
  int failed = 0;
  for (const auto suite : {address_order_suite, curl_multi_suite, dialer_suite, http_client_suite, https_proxy_suite,
                           https_trust_suite, bridge_suite, tls_sessions_suite})
    failed += suite();
  return failed == 0 ? 0 : 1;
}
