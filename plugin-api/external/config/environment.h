// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the agent gives to a plugin that it starts: by the environment (plugin-api/external/README.md, "Environment of a
// plugin"), with the defaults of Debian's package where a variable is missing, and by the command line. The agent runs
// `aclk.plugin SECONDS OPTIONS` ("Discovery and configuration" there), where OPTIONS is [plugin:aclk] command options,
// split by the shell; people run it with -W buildinfo, --version and --help.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "claim/proxy.h"

namespace aclk::external {

using claim::Getenv;

// What the environment says.
struct Environment {
  std::string version;       // with its v; empty when not started by an agent
  std::string machine_guid;  // lower case; empty = unknown
  std::string hostname;
  std::string registry_hostname;
  std::filesystem::path user_config;
  std::filesystem::path stock_config;
  std::filesystem::path lib;
  std::filesystem::path cache;  // the agent's SQLite files are here
  std::filesystem::path log;
  std::filesystem::path run;  // empty on agents that do not name it, such as 1.37
  std::string pipe_name;      // NETDATA_PIPENAME
  bool logfmt = false;        // its log lines are key=value
  bool debug = false;         // lines of level debug are wanted (aclk/report/README.md, "Log lines")
  bool from_agent = false;    // is there any sign that an agent started this process?

  [[nodiscard]] std::filesystem::path cloud_dir() const { return lib / "cloud.d"; }
};

// Reads only the environment, and the file with the machine GUID if the variable is missing.
[[nodiscard]] Environment read_environment(const Getenv &getenv);

enum class Mode : std::uint8_t { supervise, work, claim, buildinfo, buildinfojson, version, help, explain };

// What the command line says.
struct Options {
  Mode mode = Mode::supervise;
  std::chrono::seconds update_every{1};  // argv[1], at least 1
  std::string agent_url;                 // --agent-url=URL; wins over netdata.conf
  std::vector<std::string> unknown;      // to be mentioned in the log, otherwise ignored
  int status_fd = -1;                    // work: where '0' (offline) and '1' (online) go; claim: where lines go
  pid_t supervisor = 0;                  // work: who must be the parent
  int socket_fd = -1;                    // work: the local socket's listener; -1: there is none
  int plugin_status_fd = -1;             // work: what the supervisor knows (plugin_status.h)
};

// Who has started this process: for a person on a terminal a command line without a question gets an explanation.
enum class StartedBy : std::uint8_t { agent, person };
[[nodiscard]] Options parse_options(const std::vector<std::string> &args, StartedBy who);

// The private arguments of the process that claims: parse_options gives mode claim back.
[[nodiscard]] std::vector<std::string> claimer_arguments(const Options &own, int lines_fd);

// What a worker inherits.
struct WorkerFds {
  int status = -1;
  int socket = -1;
  int plugin_status = -1;
};
// The private arguments of a worker: parse_options gives mode work back.
[[nodiscard]] std::vector<std::string> worker_arguments(const Options &own, const WorkerFds &fds, pid_t supervisor);

}  // namespace aclk::external
