// SPDX-License-Identifier: GPL-3.0-or-later
//
// A text as the inside of a JSON string.
#pragma once

#include <string>
#include <string_view>

namespace aclk::external {

// Appends the text as it is, whatever bytes it has: quotes, backslashes and control characters escaped, each byte that
// is no UTF-8 replaced by U+FFFD.
void append_json_text(std::string &out, std::string_view text);

}  // namespace aclk::external
