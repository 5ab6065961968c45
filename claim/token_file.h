// SPDX-License-Identifier: GPL-3.0-or-later
//
// A claiming token in a file of its own, as secrets of Docker and Kubernetes are mounted: `--token-file`, or
// NETDATA_CLAIM_TOKEN_FILE in the environment, whose value is the file's absolute path.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "claim/base/result.h"
#include "claim/proxy.h"

namespace aclk::claim {

inline constexpr const char *kTokenFileVariable = "NETDATA_CLAIM_TOKEN_FILE";

// The token that is all of the file, without white space and quotes around it. Errors name the file and the cause:
// not_found, denied, io, too_big; parse for a text that is not the agent's (byte order mark, UTF-16) or empty.
[[nodiscard]] Result<std::string> read_token_file(const std::filesystem::path &file);

// What NETDATA_CLAIM_TOKEN_FILE names. nullopt: nothing. Errors: invalid_argument for what is no absolute path; the
// value is not shown, because it may be the token itself.
[[nodiscard]] Result<std::optional<std::filesystem::path>> token_file_of_environment(const Getenv &getenv);

// NETDATA_CLAIM_TOKEN holds something: then the file does not count.
[[nodiscard]] bool environment_has_token(const Getenv &getenv);

// What to do about a file of the environment that cannot be read.
[[nodiscard]] std::string token_file_advice(Errc cause);

}  // namespace aclk::claim
