// SPDX-License-Identifier: GPL-3.0-or-later
//
// One function per test file: runs its group, returns how many failed.
#pragma once

namespace aclk::test {

int address_order_suite();
int curl_multi_suite();
int dialer_suite();
int http_client_suite();
int https_proxy_suite();
int https_trust_suite();
int bridge_suite();
int tls_sessions_suite();

}  // namespace aclk::test
