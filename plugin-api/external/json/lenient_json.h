// SPDX-License-Identifier: GPL-3.0-or-later
//
// JSON from the agent, which is at times no JSON (plugin-api/external/API.md, "Alerts"): texts of the health
// configuration, host names and more are printed without escaping, so that a quote or a backslash in one makes the
// whole document invalid.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"

namespace aclk::external {

// Makes JSON of what is nearly JSON, for documents that are not in the layout of printed_json.h.

// Inside strings: a quote after which nothing follows that can follow a string (a comma and a value, a colon, a closing
// bracket, a line end) is escaped; a backslash before a character that JSON does not know as an escape is doubled; so
// is one before the quote that ends a line's value; bare control characters and broken UTF-8 are escaped or replaced.
// Outside: nan, inf and other unknown words become null. What is valid already stays as it is.
[[nodiscard]] std::string repair_json(std::string_view text);

inline constexpr std::size_t kMaxJsonDepth = 64;
// Four times what the largest agents print: 25 000 charts of one node have as many. Memory for it: about 200 MB.
inline constexpr std::size_t kMaxJsonValues = 1'000'000;

// A document in the layout of 1.x as printed_json.h reads it; any other as strict JSON, and if that fails, once more
// after repair_json. Errors: parse (also for an empty text and for nesting above kMaxJsonDepth), too_big (more than
// kMaxJsonValues). `name` is what the document is, for the sentence. `lost`: gets the elements of it that could not be
// read, for people.
[[nodiscard]] Result<nlohmann::json> parse_agent_json(std::string_view text, std::string_view name,
                                                      std::vector<std::string> *lost = nullptr);

// Counted outside strings, without building anything.
struct JsonExtent {
  std::size_t depth = 0;   // deepest nesting of brackets
  std::size_t values = 0;  // at most so many; members count as one
};
[[nodiscard]] JsonExtent json_extent(std::string_view text);

}  // namespace aclk::external
