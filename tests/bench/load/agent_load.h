// SPDX-License-Identifier: GPL-3.0-or-later
//
// The same questions put to the agent itself, over connections that are kept alive: what it costs without any link.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "claim/base/result.h"
#include "tests/bench/load/figures.h"

namespace aclk::load {

struct AgentPlan {
  std::string url;                   // http://127.0.0.1:19999
  std::vector<std::string> targets;  // asked in turn
  std::size_t count = 1;
  std::size_t in_flight = 1;  // connections
  bool gzip = false;
};

// Blocks until all are answered. Errors: unavailable (libcurl).
[[nodiscard]] Result<Figures> ask_the_agent(const AgentPlan &plan);

}  // namespace aclk::load
