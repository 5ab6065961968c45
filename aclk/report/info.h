// SPDX-License-Identifier: GPL-3.0-or-later
//
// The link in GET /api/v3/info: object agents[0].cloud (aclk/report/README.md, "Info object"). Pure.
#pragma once

#include <cstdint>
#include <string>

#include "aclk/report/state.h"

namespace aclk::report {

struct AboutAgent {
  std::string machine_guid;
  std::string hostname;
  std::string version;
};

// {"api":2,"agents":[{"mg","nd","nm","now","ai":0,"application":{"package":{"version"}},"cloud":{…}}]}: of the
// reference's answer the part that a link can tell. status "indirect" does not occur: the host's parent is not our
// affair.
[[nodiscard]] std::string info_json(const LinkState &state, const AboutAgent &agent, std::int64_t now_s);

}  // namespace aclk::report
