// SPDX-License-Identifier: GPL-3.0-or-later
//
// `netdata-aclk claim`: options in, exit code out. What it does is in claim/. Becomes the agent's user first.
#pragma once

#include "plugin-api/cli/command.h"

namespace aclk::cli {

Command add_claim_command(CLI::App &app);

}  // namespace aclk::cli
