// SPDX-License-Identifier: GPL-3.0-or-later
//
// Strict JSON from texts that may not be fit for it: whether a text is JSON already, a value that was printed without
// escaping, a text as the inside of a string. Pure; any bytes may come.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aclk::external {

// Strict JSON of which no object has a member twice, nested 64 times at most.
[[nodiscard]] bool is_plain_json(std::string_view text);

// A value that the agents print on one line, without escaping its texts: { "guid": "…", "hostname": "…", "hops": 1 }.
// Here a text may hold what looks like more members; printed_json.h has the rest.
//
// In strict JSON. An object has the members that agents are known to print there (a child's, a dimension's), each at
// most once, and ends where the text does; of the ways to read it so, the one with the shortest texts. An object of
// other members, and an array, is read if it is JSON without a member that is there twice. nullopt: none of these, or
// more than 64 KiB.
[[nodiscard]] std::optional<std::string> reprint_one_line(std::string_view text);

// Appends the text as it is, whatever bytes it has: quotes, backslashes and control characters escaped, each byte that
// is no UTF-8 replaced by U+FFFD.
void append_json_text(std::string &out, std::string_view text);

}  // namespace aclk::external
