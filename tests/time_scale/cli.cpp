// SPDX-License-Identifier: GPL-3.0-or-later
//
// netdata-aclk, but for the time.
#include "plugin-api/cli/commands.h"
#include "tests/time_scale/time_scale.h"

int main(int argc, char **argv) { return aclk::cli::cli_main(argc, argv, aclk::test::time_scale_of_environment()); }
