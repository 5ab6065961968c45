// SPDX-License-Identifier: GPL-3.0-or-later
//
// `netdata-aclk what-is-sent`: each type of message, how many, how many bytes, when last, and the last one in clear.
#pragma once

#include "plugin-api/cli/command.h"

namespace aclk::cli {

Command add_what_is_sent_command(CLI::App &app);

}  // namespace aclk::cli
