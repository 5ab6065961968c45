// SPDX-License-Identifier: GPL-3.0-or-later
//
// Makes JSON of what is nearly JSON, for documents that are not in the layout of printed_json.h.
#pragma once

#include <string>
#include <string_view>

namespace aclk::external {

// Inside strings: a quote after which nothing follows that can follow a string (a comma and a value, a colon, a closing
// bracket, a line end) is escaped; a backslash before a character that JSON does not know as an escape is doubled; so
// is one before the quote that ends a line's value; bare control characters and broken UTF-8 are escaped or replaced.
// Outside: nan, inf and other unknown words become null. What is valid already stays as it is.
[[nodiscard]] std::string repair_json(std::string_view text);

}  // namespace aclk::external
