// SPDX-License-Identifier: GPL-3.0-or-later
//
// Secrets on the command line are visible to every user (ps, /proc/PID/cmdline) until the process writes over them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aclk::cli {

// Copies the arguments, then overwrites the value of each option named (`--token T` and `--token=T`) in argv itself
// with x's. To be called first thing in main; what is left of the window is between exec and here.
[[nodiscard]] std::vector<std::string> take_arguments(int argc, char **argv,
                                                      std::span<const std::string_view> secret_options);

}  // namespace aclk::cli
