// SPDX-License-Identifier: GPL-3.0-or-later
//
// A subcommand of netdata-aclk: one file each, listed in main.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace aclk::cli {

struct Command {
  CLI::App *parsed = nullptr;  // owned by the application; what was given on the command line
  std::function<int()> run;    // the exit status; called when it is this command that was given
};

}  // namespace aclk::cli
