// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/cli_main.h"

int main(int argc, char **argv) { return aclk::cli::cli_main(argc, argv); }
