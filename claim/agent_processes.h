// SPDX-License-Identifier: GPL-3.0-or-later
//
// Does the agent of these directories run? A process called netdata may be somebody else's: another agent of this
// machine, one in a container, which the host sees among its own processes, or a script of that name.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aclk::claim {

enum class Belongs : std::uint8_t { unknown, yes, no };

// A process as /proc shows it.
struct Process {
  int pid = 0;
  int parent = 0;
  std::string name;                // comm
  std::string program;             // the file name of its first argument; empty: a zombie, or a thread of the kernel
  uid_t uid = 0;                   // effective
  bool nested = false;             // in a pid namespace below ours: of a container
  Belongs lib = Belongs::unknown;  // by NETDATA_LIB_DIR, which agents give to their plugins
  Belongs database = Belongs::unknown;  // by netdata-meta.db of the cache directory, which agents keep open
  Belongs view = Belongs::unknown;      // no: what has the library directory's name is another directory for it
};

// The directories of the agent that is meant; `cache` may be empty: not known.
struct AgentFiles {
  std::filesystem::path lib;
  std::filesystem::path cache;
};

// What this process may see: of others' processes only the name, the user and the namespace.
[[nodiscard]] std::vector<Process> read_processes(const AgentFiles &files);

// The process of this name (aclk.plugin) that this agent has started, as far as can be seen. `user`: the agent's. Pure.
[[nodiscard]] std::optional<int> plugin_of(const std::vector<Process> &all, std::string_view name, uid_t user);

// The agent itself. Of one about which nothing can be seen but that it is of root or of the agent's user `likely` is
// enough. Pure.
enum class Certainty : std::uint8_t { likely, sure };
[[nodiscard]] std::optional<int> agent_of(const std::vector<Process> &all, uid_t user,
                                          Certainty certainty = Certainty::likely);

// Any plugin of this agent, whatever its name, else the agent: whoever has its machine guid in memory. Pure.
[[nodiscard]] std::optional<int> running_for_sure(const std::vector<Process> &all, uid_t user);

}  // namespace aclk::claim
