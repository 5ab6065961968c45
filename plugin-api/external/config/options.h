// SPDX-License-Identifier: GPL-3.0-or-later
//
// The command line of aclk.plugin. The agent runs `aclk.plugin SECONDS OPTIONS` (plugin-api/external/README.md,
// "Discovery and configuration"), where OPTIONS is [plugin:aclk] command options, split by the shell; people run it
// with -W buildinfo, --version and --help.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace aclk::external {

enum class Mode : std::uint8_t { supervise, work, claim, buildinfo, buildinfojson, version, help, explain };

struct Options {
  Mode mode = Mode::supervise;
  std::chrono::seconds update_every{1};  // argv[1], at least 1
  std::string agent_url;                 // --agent-url=URL; wins over netdata.conf
  std::vector<std::string> unknown;      // to be mentioned in the log, otherwise ignored
  int status_fd = -1;                    // work: where '0' (offline) and '1' (online) go; claim: where lines go
  pid_t supervisor = 0;                  // work: who must be the parent
  int socket_fd = -1;                    // work: the local socket's listener; -1: there is none
  int word_fd = -1;                      // work: what the supervisor knows (shared_text.h)
};

// `by_hand`: started on a terminal and not by an agent; then a command line without a question gets an explanation.
[[nodiscard]] Options parse_options(const std::vector<std::string> &args, bool by_hand);

// The private arguments of the process that claims: parse_options gives mode claim back.
[[nodiscard]] std::vector<std::string> claimer_arguments(const Options &own, int lines_fd);

// What a worker inherits.
struct WorkerFds {
  int status = -1;
  int socket = -1;
  int word = -1;
};
// The private arguments of a worker: parse_options gives mode work back.
[[nodiscard]] std::vector<std::string> worker_arguments(const Options &own, const WorkerFds &fds, pid_t supervisor);

}  // namespace aclk::external
