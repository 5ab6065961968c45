// SPDX-License-Identifier: GPL-3.0-or-later
//
// A text as the inside of a JSON string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aclk::external {

// A value that the agents print on one line, without escaping its texts: { "guid": "…", "hostname": "…", "hops": 1 }.
// Here a text may hold what looks like more members; printed_json.h has the rest.

// In strict JSON. An object has the members that agents are known to print there (a child's, a dimension's), each at
// most once, and ends where the text does; of the ways to read it so, the one with the shortest texts. An object of
// other members, and an array, is read if it is JSON without a member that is there twice. nullopt: none of these, or
// more than 64 KiB.
[[nodiscard]] std::optional<std::string> reprint_one_line(std::string_view text);

// Appends the text as it is, whatever bytes it has: quotes, backslashes and control characters escaped, each byte that
// is no UTF-8 replaced by U+FFFD.
void append_json_text(std::string &out, std::string_view text);

}  // namespace aclk::external
