// SPDX-License-Identifier: GPL-3.0-or-later
//
// One function per test file: runs its group, returns how many failed.
#pragma once

int run_ws_link_tests();
