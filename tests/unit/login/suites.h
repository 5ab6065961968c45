// SPDX-License-Identifier: GPL-3.0-or-later
//
// One function per test file: runs its group, returns how many failed.
#pragma once

namespace aclk::test {

int backoff_suite();
int challenge_suite();
int cloud_error_suite();
int env_suite();
int json_suite();
int password_suite();
int status_suite();

}  // namespace aclk::test
