// SPDX-License-Identifier: GPL-3.0-or-later
//
// `netdata-aclk unclaim` and `netdata-aclk prepare-template`. What they do is in claim/unclaim.h.
#pragma once

#include "plugin-api/cli/command.h"

namespace aclk::cli {

Command add_unclaim_command(CLI::App &app);
Command add_prepare_template_command(CLI::App &app);

}  // namespace aclk::cli
