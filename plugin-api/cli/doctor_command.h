// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "aclk/loop/time_scale.h"
#include "plugin-api/cli/command.h"

namespace aclk::cli {

// netdata-aclk doctor: why the link does not work, from the configuration to the broker. Changes nothing.
[[nodiscard]] Command add_doctor_command(CLI::App &app, loop::TimeScale scale);

}  // namespace aclk::cli
