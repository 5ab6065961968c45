// SPDX-License-Identifier: GPL-3.0-or-later
//
// What runs in each process of aclk.plugin, one file each: plugin_main.cpp decides which it is, supervisor.cpp and
// worker.cpp do its work.
#pragma once

#include <netdata-aclk/plugin.h>

#include <functional>
#include <memory>

#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/config/environment.h"

namespace aclk::external {

// The process that the agent starts. It owns stdin and stdout, obeys the contract of plugins
// (plugin-api/external/README.md, "The contract of plugins"), and keeps a worker while the node is claimed: an agent
// never starts a plugin again that a signal has killed, so the part that could crash or be chosen by the OOM killer
// lives in a process of its own. One thread, one poll().
//
// It ends, with status 0 and never leaving a worker behind, within 3 s of: a line QUIT or the end of stdin, an error on
// stdout, SIGTERM, SIGINT, the removal of its own file. When that file is replaced, it becomes the new one
// (replacement.h).
//
// argv: of this process, for the file that replaces its own. stdin_fd and stdout_fd: as the agent gave them. Returns
// the exit status.
[[nodiscard]] int supervise(const Options &options, const Environment &env, AgentLog &log, char *const *argv,
                            int stdin_fd = 0, int stdout_fd = 1);

// netdata_aclk_create(), or what a test has in its place.
using CreateModule = std::function<naclk_module *(const naclk_host *host, char *error, std::size_t error_size)>;

// The process that does the work: finds the agent, runs the module on it, and ends on SIGTERM, when its
// supervisor is gone, or when there is a reason to leave the agent alone. Returns a WorkerExit.
[[nodiscard]] int work(const Options &options, const Environment &env, AgentLog &log, const CreateModule &create);

// All of aclk.plugin: supervisor, worker, and the questions that people ask it. Returns the exit status.
[[nodiscard]] int plugin_main(int argc, char **argv, const CreateModule &create) noexcept;

}  // namespace aclk::external
