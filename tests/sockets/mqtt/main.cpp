// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sockets/mqtt/suites.h"

int main() { return run_ws_link_tests(); }
