// SPDX-License-Identifier: GPL-3.0-or-later
//
// What /api/v1/info says of the agent as a whole (plugin-api/external/README.md, "Built with a link or without";
// plugin-api/external/API.md, "Identity and node info").
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace aclk::external {

struct AgentFacts {
  std::string uid;             // machine GUID, lower case; empty = not an agent's answer
  std::string version;         // v1.37.1
  bool own_link = false;       // its own link to the cloud is up, or it has an identity and will bring it up
  bool built_in_link = false;  // 2.x, which cannot be built without one: it can be claimed itself
  bool ml_capable = false;
  bool ml_enabled = false;
};

[[nodiscard]] AgentFacts read_facts(const nlohmann::json &info);

// The same of the text, of which at least `uid` is found, however the rest of it looks: it stands before the texts of
// other people in it, such as the children's names. Of a text that is no JSON, `uid` and `version` are all.
[[nodiscard]] AgentFacts read_facts_of_text(std::string_view info);

}  // namespace aclk::external
