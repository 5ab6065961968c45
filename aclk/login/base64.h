// SPDX-License-Identifier: GPL-3.0-or-later
//
// Base64 as the challenge and its answer have it: standard alphabet, padded, no line breaks (aclk/session/README.md,
// "Challenge", "Password").
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aclk::login {

// At most 1 MiB of input; nothing here needs a kilobyte.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
// nullopt for anything that base64_encode would not have written.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace aclk::login
