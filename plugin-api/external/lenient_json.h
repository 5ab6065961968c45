// SPDX-License-Identifier: GPL-3.0-or-later
//
// JSON from the agent, which is at times no JSON (stock-agent.md 3.5): texts of the health configuration are printed
// without escaping, so that a backslash in an alert's info makes the whole document invalid.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "claim/base/result.h"

namespace aclk::external {

inline constexpr std::size_t kMaxJsonDepth = 64;

// Strict JSON first; if that fails, once more after repair_json. Errors: parse (also for an empty text and for nesting
// above kMaxJsonDepth). `name` is what the document is, for the sentence.
[[nodiscard]] Result<nlohmann::json> parse_agent_json(std::string_view text, std::string_view name);

// Inside strings: a backslash before a character that JSON does not know as an escape is doubled; so is one before the
// quote that ends a line's value; bare control characters and broken UTF-8 are escaped or replaced. Outside: nan, inf
// and other unknown words become null. What is valid already stays as it is.
[[nodiscard]] std::string repair_json(std::string_view text);

// Deepest nesting of brackets outside strings.
[[nodiscard]] std::size_t json_depth(std::string_view text);

}  // namespace aclk::external
