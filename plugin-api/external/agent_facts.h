// SPDX-License-Identifier: GPL-3.0-or-later
//
// What /api/v1/info says of the agent as a whole (stock-agent.md 1.2, 3.2).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "plugin-api/external/environment.h"

namespace aclk::external {

struct AgentFacts {
  std::string uid;      // machine GUID, lower case; empty = not an agent's answer
  std::string version;  // v1.37.1
  Generation generation = Generation::v1;
  bool own_link = false;  // its own link to the cloud is up, or it has an identity and will bring it up
  bool ml_capable = false;
  bool ml_enabled = false;
};

[[nodiscard]] AgentFacts read_facts(const nlohmann::json &info);

}  // namespace aclk::external
