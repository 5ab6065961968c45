// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's configuration format (netdata.conf, cloud.conf), read as the agent reads it:
//   [section], indented `key with spaces = value`, whole lines that begin with # are comments.
// Not inih: Debian's build cuts lines at 200 bytes (a room list is longer), takes an indented line for the continuation
// of the line above, and cuts values at " ;". The agent does none of the three.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace aclk::claim {

// Called for each key in file order; the views live for the call only, white space around them is cut. A line that is
// neither a section, a comment nor `key = value` is skipped. Keys before the first section have the section "".
using IniVisitor = std::function<void(std::string_view section, std::string_view key, std::string_view value)>;
void visit_ini(std::string_view text, const IniVisitor &visit);

// The last value of the key; nullopt when it is absent or empty.
[[nodiscard]] std::optional<std::string> ini_value(std::string_view text, std::string_view section,
                                                   std::string_view key);

// Without the white space and control characters at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

// The words for "off": no, false, off, 0; for "on": yes, true, on, 1; in any case. nullopt for any other text.
[[nodiscard]] std::optional<bool> ini_bool(std::string_view value);

}  // namespace aclk::claim
