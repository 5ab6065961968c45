// SPDX-License-Identifier: GPL-3.0-or-later
//
// `netdata-aclk state` and `netdata-aclk reload`.
#pragma once

#include "plugin-api/cli/command.h"

namespace aclk::cli {

Command add_state_command(CLI::App &app);
Command add_reload_command(CLI::App &app);

}  // namespace aclk::cli
