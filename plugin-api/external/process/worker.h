// SPDX-License-Identifier: GPL-3.0-or-later
//
// The process that does the work: finds the agent, runs the module on it, and ends on SIGTERM, when its
// supervisor is gone, or when there is a reason to leave the agent alone. Returns a WorkerExit.
#pragma once

#include <netdata-aclk/plugin.h>

#include <functional>

#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/config/environment.h"
#include "plugin-api/external/config/options.h"

namespace aclk::external {

// netdata_aclk_create(), or what a test has in its place.
using CreateModule = std::function<naclk_module *(const naclk_host *host, char *error, std::size_t error_size)>;

[[nodiscard]] int work(const Options &options, const Environment &env, AgentLog &log, const CreateModule &create);

}  // namespace aclk::external
