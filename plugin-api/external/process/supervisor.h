// SPDX-License-Identifier: GPL-3.0-or-later
//
// The process that the agent starts. It owns stdin and stdout, obeys the contract of plugins
// (plugin-api/external/README.md, "The contract of plugins"), and keeps a worker while the node is claimed: an agent
// never starts a plugin again that a signal has killed, so the part that could crash or be chosen by the OOM killer
// lives in a process of its own. One thread, one poll().
//
// It ends, with status 0 and never leaving a worker behind, within 3 s of: a line QUIT or the end of stdin, an error on
// stdout, SIGTERM, SIGINT, the removal of its own file. When that file is replaced, it becomes the new one
// (replacement_policy.h).
#pragma once

#include <memory>

#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/config/environment.h"
#include "plugin-api/external/config/options.h"

namespace aclk::external {

// argv: of this process, for the file that replaces its own. stdin_fd and stdout_fd: as the agent gave them. Returns
// the exit status.
[[nodiscard]] int supervise(const Options &options, const Environment &env, AgentLog &log, char *const *argv,
                            int stdin_fd = 0, int stdout_fd = 1);

}  // namespace aclk::external
