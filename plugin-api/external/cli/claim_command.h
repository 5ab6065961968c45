// SPDX-License-Identifier: GPL-3.0-or-later
//
// `netdata-aclk claim`: options in, exit code out. What it does is in claim/.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

namespace aclk::cli {

struct ClaimArguments {
  std::string token;
  std::string token_file;
  std::string rooms;
  std::string url;
  std::string proxy;
  std::string cloud_dir;
  bool insecure = false;
  bool reclaim = false;
};

// Adds the subcommand; `arguments` is filled by the parse.
CLI::App *add_claim_command(CLI::App &app, ClaimArguments &arguments);

// Runs it. Becomes the agent's user first. Prints to standard output when it ends well, else to standard error.
[[nodiscard]] int run_claim_command(const CLI::App &command, const ClaimArguments &arguments);

}  // namespace aclk::cli
