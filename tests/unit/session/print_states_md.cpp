// SPDX-License-Identifier: GPL-3.0-or-later
//
// Prints aclk/session/STATES.md.
#include <cstdio>

#include "tests/unit/session/states_md.h"

int main() { return std::fputs(aclk::test::states_md().c_str(), stdout) < 0 ? 1 : 0; }
