// SPDX-License-Identifier: GPL-3.0-or-later
//
// The time scale that a test has ordered.
#pragma once

#include "aclk/loop/clock.h"

namespace aclk::test {

// $ACLK_DIVIDE_DEADLINES_BY and $ACLK_DIVIDE_PAUSES_BY; 1 for what is not set. Anything but a positive number ends the
// program: a test that waits for minutes without a word is worse.
[[nodiscard]] loop::TimeScale time_scale_of_environment();

}  // namespace aclk::test
