// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a hook returns, as a Result.
#pragma once

#include <string_view>

#include "claim/base/result.h"

namespace aclk::host {

// 0 or a negated errno of a hook that was to give `what` ("its nodes").
[[nodiscard]] Result<void> check(int rc, std::string_view what);

}  // namespace aclk::host
