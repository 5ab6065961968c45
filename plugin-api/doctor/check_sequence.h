// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where on its way a conversation with the cloud ended: each rung was reached by way of those before it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin-api/doctor/finding.h"

namespace aclk::doctor {

struct Fall {
  std::string check;     // Finding::check of the rung that broke
  std::string sentence;  // Error::what
};

// rungs: what there is to say when all goes well. Those before the fall stay, the rung itself is bad, those after it
// are not reached. Without a fall all stay.
[[nodiscard]] Findings climb(Findings rungs, const std::optional<Fall> &fall);

// Nobody came this far.
[[nodiscard]] Finding not_reached(std::string check);

// The next step for a rung whose sentence knows none.
[[nodiscard]] std::string usual_remedy(std::string_view check);

}  // namespace aclk::doctor
