// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's configuration format (netdata.conf, cloud.conf, claim.conf), read as the agent reads it, which was found
// by asking a stock 1.37.1 for its /netdata.conf (tests/unit/claim/test_limits.cpp has its rules as a model):
//   - a line is cut of white space at both ends; one that begins with # is a comment, nothing else is one
//   - [NAME] is a section if the line ends with ]; NAME is taken as it is, blanks and case included. The same section
//     may come again.
//   - `key = value`: at the first =. Case counts in keys. Quotes, # and ; inside a value belong to it. Of equal keys
//   the
//     last one counts, also when it is empty.
//   - lines before the first section, without = or with an empty key say nothing; a zero byte ends its line.
// Unlike the agent, which cuts lines at 8190 bytes and takes the rest for a line of its own, lines are whole here (a
// room list may be longer); what limits the cloud is not taken from a file with such lines (limits.h).
// Not inih: Debian's build cuts lines at 200 bytes, takes an indented line for the continuation of the line above, and
// cuts values at " ;".
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace aclk::claim {

inline constexpr std::size_t kAgentsLongestLine = 8190;  // bytes, without the line feed

// The views live for the call only, white space around them is cut.
struct IniLine {
  std::size_t number = 0;  // from 1
  std::string_view text;
  bool in_section = false;  // some [section] came before
  std::string_view section;
  std::string_view key;  // empty: the line says nothing to the agent
  std::string_view value;
  [[nodiscard]] bool understood() const { return in_section && !key.empty(); }
};
// Every line but sections, comments and empty ones, in file order.
void visit_ini_lines(std::string_view text, const std::function<void(const IniLine &)> &visit);

// Those that the agent understands.
using IniVisitor = std::function<void(std::string_view section, std::string_view key, std::string_view value)>;
void visit_ini(std::string_view text, const IniVisitor &visit);

// The last value of the key; nullopt when it is absent or empty.
[[nodiscard]] std::optional<std::string> ini_value(std::string_view text, std::string_view section,
                                                   std::string_view key);

// Without one pair of equal quotes, " or ', around it, and without the white space inside and outside of them: what is
// left in a variable when docker-compose's list form or systemd's Environment= has kept the quotes of a shell.
[[nodiscard]] std::string_view unquoted(std::string_view text);

// What the agent takes for yes: yes, true, on, auto, on demand, in any case. Everything else is no to it.
[[nodiscard]] bool ini_yes(std::string_view value);
// A word that says no and cannot be meant otherwise: no, false, off, 0, in any case.
[[nodiscard]] bool ini_clear_no(std::string_view value);
// For what is only to be had by asking for it clearly: yes, true, on, in any case.
[[nodiscard]] bool ini_clear_yes(std::string_view value);

}  // namespace aclk::claim
