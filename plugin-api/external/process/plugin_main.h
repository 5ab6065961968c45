// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plugin-api/external/process/worker.h"

namespace aclk::external {

// All of aclk.plugin: supervisor, worker, and the questions that people ask it. Returns the exit status.
[[nodiscard]] int plugin_main(int argc, char **argv, const CreateModule &create) noexcept;

}  // namespace aclk::external
