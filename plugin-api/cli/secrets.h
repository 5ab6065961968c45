// SPDX-License-Identifier: GPL-3.0-or-later
//
// How a command gets the secrets of a claim: from its arguments, which every user sees (ps, /proc/PID/cmdline) until
// the process writes over them; and a token from a file, of an option or of NETDATA_CLAIM_TOKEN_FILE. Root may be the
// only one who can read that, so it is read before a command takes the rights of the agent's user; but what lies in a
// directory of that user, who may put a link to any file there, is read afterwards.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "claim/agent_user.h"
#include "claim/base/result.h"
#include "claim/claim_node.h"

namespace aclk::cli {

// Copies the arguments, then overwrites the value of each option named (`--token T` and `--token=T`) in argv itself
// with x's. To be called first thing in main; what is left of the window is between exec and here.
[[nodiscard]] std::vector<std::string> take_arguments(int argc, char **argv,
                                                      std::span<const std::string_view> secret_options);

// The file of the environment, if it counts: NETDATA_CLAIM_TOKEN is empty. When both are set, that is said to standard
// error. Errors: what is set there is no path; with the next step.
[[nodiscard]] Result<std::optional<std::filesystem::path>> token_file_named_by_environment();

enum class TokenFileNamedBy : std::uint8_t { option, environment };

// Becomes the agent's user for good, and gives the token if there is a file. Errors: as the command ends (usage,
// wrong_user).
[[nodiscard]] tl::expected<std::optional<std::string>, claim::ClaimReport> become_agent_user_with_token(
    const claim::AgentPlaces &places, const std::optional<std::filesystem::path> &file, TokenFileNamedBy by);

// The token of the environment for who stays root. Errors: also denied, for a file in a directory of the agent's user.
[[nodiscard]] Result<std::string> token_beyond_the_agents_reach(const claim::AgentPlaces &places,
                                                                const std::filesystem::path &file);

}  // namespace aclk::cli
