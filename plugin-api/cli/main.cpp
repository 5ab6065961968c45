// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/commands.h"

int main(int argc, char **argv) { return aclk::cli::cli_main(argc, argv); }
