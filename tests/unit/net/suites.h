// SPDX-License-Identifier: GPL-3.0-or-later
//
// One function per test file: runs its group, returns how many failed.
#pragma once

namespace aclk::test {

int proxy_answer_suite();
int session_cache_suite();
int tls_fault_suite();

}  // namespace aclk::test
