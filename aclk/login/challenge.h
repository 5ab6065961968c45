// SPDX-License-Identifier: GPL-3.0-or-later
//
// The challenge and what is answered to it (aclk/session/README.md, "Challenge", "Password"). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aclk/login/status.h"

namespace aclk::login {

// Base64 as the challenge and its answer have it: standard alphabet, padded, no line breaks (aclk/session/README.md,
// "Challenge", "Password").

// At most 1 MiB of input; nothing here needs a kilobyte.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
// nullopt for anything that base64_encode would not have written.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

// The 256 bytes to be decrypted. otp_challenge_invalid unless it is one JSON string of exactly 344 characters of
// base64.
[[nodiscard]] Verdict<std::string> parse_challenge(std::string_view body);

// Body of the password request. plain = the decrypted challenge; agent_version with the leading v.
[[nodiscard]] std::string challenge_answer(std::string_view agent_version, std::string_view plain);

}  // namespace aclk::login
