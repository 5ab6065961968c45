// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's command socket, as far as needed: `read-config`, which gives the value in effect
// (plugin-api/external/README.md, "Command socket").
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"
#include "plugin-api/external/config/environment.h"

namespace aclk::external {

// X<exit code> NUL O<text> or E<text>. Errors: parse; unsupported when the exit code is not 0.
[[nodiscard]] Result<std::string> parse_cli_answer(std::string_view bytes);

// Where the socket of this agent may be, best first. On 1.x the name is the same for every agent of the machine, so
// what it says may be another agent's; whoever uses it has to check whom he reached.
[[nodiscard]] std::vector<std::filesystem::path> cli_sockets(const Environment &env, const Getenv &getenv);

// Asks for a setting. Blocks at most `timeout`. Errors: denied when the socket is that of another user than root and
// this process's: it is not asked.
[[nodiscard]] Result<std::string> cli_read_config(const std::filesystem::path &socket, std::string_view section,
                                                  std::string_view key, std::chrono::milliseconds timeout);

}  // namespace aclk::external
