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
  std::filesystem::path run;  // empty on agents that do not tell it, such as 1.37
  std::string pipe_name;      // NETDATA_PIPENAME
  bool logfmt = false;        // its log lines are key=value
  bool debug = false;         // lines of level debug are wanted (aclk/report/README.md, "Log lines")
  bool from_agent = false;    // is there any sign that an agent started this process?

  [[nodiscard]] std::filesystem::path cloud_dir() const { return lib / "cloud.d"; }
};

// Reads only the environment, and the file with the machine GUID if the variable is missing.
[[nodiscard]] Environment read_environment(const Getenv &getenv);

}  // namespace aclk::external
