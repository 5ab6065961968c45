// SPDX-License-Identifier: GPL-3.0-or-later
//
// The claiming token that lies in a file: of an option, or of NETDATA_CLAIM_TOKEN_FILE. Root may be the only one who
// can read it, so it is read before a command takes the rights of the agent's user; but what lies in a directory of
// that user, who may put a link to any file there, is read afterwards.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "claim/agent_user.h"
#include "claim/base/result.h"
#include "claim/claim_node.h"

namespace aclk::cli {

// The file of the environment, if it counts: NETDATA_CLAIM_TOKEN is empty. When both are set, that is said to standard
// error. Errors: what is set there is no path; with the next step.
[[nodiscard]] Result<std::optional<std::filesystem::path>> token_file_named_by_environment();

// Becomes the agent's user for good, and gives the token if there is a file. Errors: as the command ends (usage,
// wrong_user).
[[nodiscard]] tl::expected<std::optional<std::string>, claim::ClaimReport> become_agent_user_with_token(
    const claim::AgentPlaces &places, const std::optional<std::filesystem::path> &file, bool by_environment);

// The token of the environment for who stays root. Errors: also denied, for a file in a directory of the agent's user.
[[nodiscard]] Result<std::string> token_beyond_the_agents_reach(const claim::AgentPlaces &places,
                                                                const std::filesystem::path &file);

}  // namespace aclk::cli
