// SPDX-License-Identifier: GPL-3.0-or-later
//
// netdata-aclk: what an administrator does with the agent-cloud link from a terminal or a provisioning tool.
#pragma once

#include "aclk/loop/time_scale.h"

namespace aclk::cli {

// All of it; returns the exit status. scale: of what `doctor` waits for.
[[nodiscard]] int cli_main(int argc, char **argv, loop::TimeScale scale = {}) noexcept;

}  // namespace aclk::cli
