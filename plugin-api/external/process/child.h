// SPDX-License-Identifier: GPL-3.0-or-later
//
// The worker as a child process: this executable once more, with private arguments. It gets no pipe of the agent: its
// stdin and stdout are /dev/null, its stderr is ours. The kernel sends it SIGTERM when the supervisor dies.
#pragma once

#include <sys/types.h>

#include "claim/base/c_own.h"
#include "claim/base/result.h"
#include "plugin-api/external/config/options.h"

namespace aclk::external {

struct Child {
  pid_t pid = -1;
  Fd status;  // read end of its status pipe, not blocking
};

// Call from a process of one thread. `program`: argv[0], used if /proc is not there.
// socket, word: descriptors that it inherits beside the pipe, or -1.
[[nodiscard]] Result<Child> start_worker(const Options &own, const char *program, int socket, int word);

// The process that claims what is written down (claimer_process.h), in the same way; `status`: the read end of its
// lines.
[[nodiscard]] Result<Child> start_claimer(const Options &own, const char *program);

// `file` asked for its version, to see whether it can be run; `status`: the read end of its stderr, where is also
// written why it cannot.
[[nodiscard]] Result<Child> start_trial(const char *file);

}  // namespace aclk::external
