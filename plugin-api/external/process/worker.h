// SPDX-License-Identifier: GPL-3.0-or-later
//
// The process that does the work: finds the agent, runs the module on it, and ends when told to (SIGTERM), when its
// supervisor is gone, or when there is a reason to leave the agent alone. Returns a WorkerExit.
#pragma once

#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/config/environment.h"
#include "plugin-api/external/config/options.h"

namespace aclk::external {

[[nodiscard]] int work(const Options &options, const Environment &env, AgentLog &log);

}  // namespace aclk::external
