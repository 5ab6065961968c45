// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where on its way a conversation with the cloud ended: each rung was reached by way of those before it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin-api/external/doctor/finding.h"

namespace aclk::doctor {

struct Rung {
  std::string check;  // Finding::check
  std::string done;   // the text when it was passed
};

struct Fall {
  std::string_view check;  // the rung that broke
  std::string sentence;    // Error::what
};

// All rungs before the fall are good, the rung itself is bad, those after it are skipped. Without a fall all are good.
[[nodiscard]] Findings climb(const std::vector<Rung> &rungs, const std::optional<Fall> &fall);

}  // namespace aclk::doctor
