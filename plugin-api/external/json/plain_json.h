// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace aclk::external {

// Strict JSON of which no object has a member twice, nested 64 times at most.
[[nodiscard]] bool is_plain_json(std::string_view text);

}  // namespace aclk::external
