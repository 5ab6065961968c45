// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whose files a command is about: an agent's directories, from --cloud-dir and the environment that agents give to
// their plugins, else those of Debian's package.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

#include "claim/agent_user.h"
#include "claim/claim_request.h"

namespace aclk::cli {

struct Directories {
  std::filesystem::path cloud;   // cloud.d
  std::filesystem::path lib;     // NETDATA_LIB_DIR, else the parent of --cloud-dir, else /var/lib/netdata
  std::filesystem::path config;  // NETDATA_USER_CONFIG_DIR, else /etc/netdata
  std::filesystem::path cache;   // NETDATA_CACHE_DIR, else /var/cache/netdata when lib is Debian's, else empty
  bool config_named = false;     // NETDATA_USER_CONFIG_DIR is there
};

// Adds --cloud-dir DIR; `value` is filled by the parse.
void add_cloud_dir_option(CLI::App &command, std::string &value);

[[nodiscard]] Directories directories(const std::string &cloud_dir_option);

// The same for claim/agent_user.h: whose rights the command takes before it opens anything there.
[[nodiscard]] claim::AgentPlaces places_of(const Directories &d);

// Prints the message as terminal_text, to standard output when all is well, else to standard error. Gives back the exit
// status.
[[nodiscard]] int finish(claim::ExitCode exit, const std::string &message);

// Who runs this, for notes: the user who called sudo, else the effective user.
[[nodiscard]] std::string caller_name();

}  // namespace aclk::cli
