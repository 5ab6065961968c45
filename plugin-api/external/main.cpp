// SPDX-License-Identifier: GPL-3.0-or-later
#include <netdata-aclk/plugin.h>

#include "plugin-api/external/process/plugin_main.h"

int main(int argc, char **argv) { return aclk::external::plugin_main(argc, argv, netdata_aclk_create); }
