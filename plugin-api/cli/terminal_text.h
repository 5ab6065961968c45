// SPDX-License-Identifier: GPL-3.0-or-later
//
// Commands show what the agent's user wrote into files, and what a peer said. Root's terminal is not theirs. Pure.
#pragma once

#include <string>
#include <string_view>

namespace aclk::cli {

// The text with '?' for what a terminal would obey and for what is no UTF-8. Line feeds and tabs stay.
[[nodiscard]] std::string terminal_text(std::string_view text);

}  // namespace aclk::cli
