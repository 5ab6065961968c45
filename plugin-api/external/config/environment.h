// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the agent tells a plugin through its environment (plugin-api/external/README.md, "Environment of a plugin"),
// with the defaults of Debian's package where a variable is missing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "claim/proxy.h"

namespace aclk::external {

// The two families of agents that matter: 1.x (of which Debian ships 1.37.1) and 2.x.
enum class Generation : std::uint8_t { v1, v2 };

// "v2.10.4" is v2; "v1.37.1", an empty text and anything unreadable are v1, whose rules are the careful ones.
[[nodiscard]] Generation generation_of(std::string_view version);

using claim::Getenv;

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
  std::filesystem::path run;  // empty on 1.x
  std::string pipe_name;      // NETDATA_PIPENAME
  bool logfmt = false;        // 2.x: log lines are key=value
  bool debug = false;         // lines of level debug are wanted (aclk/report/README.md, "Log lines")
  bool from_agent = false;    // is there any sign that an agent started this process?

  [[nodiscard]] std::filesystem::path cloud_dir() const { return lib / "cloud.d"; }
  [[nodiscard]] Generation generation() const { return generation_of(version); }
};

// Reads only the environment, and the file with the machine GUID if the variable is missing.
[[nodiscard]] Environment read_environment(const Getenv &getenv);

}  // namespace aclk::external
