// SPDX-License-Identifier: GPL-3.0-or-later
//
// Times that name things, and so must rise although the clock may be set back (aclk/sync/README.md, "Times that only
// rise").
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace aclk::loop {

// The next one after `last` (0: there was none): now, else one more than the last. A last one after which there is no
// number is damage, and forgotten.
[[nodiscard]] constexpr std::int64_t next_rising(std::int64_t now_us, std::int64_t last_us) {
  return last_us < std::numeric_limits<std::int64_t>::max() ? std::max(now_us, last_us + 1) : now_us;
}

}  // namespace aclk::loop
