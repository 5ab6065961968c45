// SPDX-License-Identifier: GPL-3.0-or-later
//
// JSON as agents 1.33 to 1.47 print much of it with printf (plugin-api/external/API.md, "Identity and node info" to
// "Alerts"): texts of the configuration, of children and of the machine stand between quotes as they are, so
// that a quote or a backslash in one makes the whole document invalid, or, worse, another document. What is reliable is
// the layout: one member or item a line, indented by one tab for each level, a comma at its end but for the last;
// objects on one line have members that are known. So a text ends at the last quote of its line, whatever is in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aclk::external {

struct Reprinted {
  std::string json;               // strict JSON; a backslash of a text is a backslash
  std::vector<std::string> lost;  // the elements that could not be read, and are not in it, for people
  bool damaged = false;           // the document as a whole could not be read: no json
};

// The document in strict JSON; nullopt if it is not in that layout.
//
// Each entry of a list (the outermost array; alarms, charts, contexts, labels, children, collectors, ...) is read for
// itself, and lost for itself: when it does not keep to the layout, or when a member is there twice with two values,
// so that one of them is from within a text. The same outside of lists makes the document a damaged one.
[[nodiscard]] std::optional<Reprinted> reprint_json(std::string_view text);

}  // namespace aclk::external
