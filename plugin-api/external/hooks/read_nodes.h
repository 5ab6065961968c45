// SPDX-License-Identifier: GPL-3.0-or-later
//
// The nodes of an agent and what each can do (plugin-api/external/API.md, "Identity and node info", "Children";
// proto/README.md, "Capabilities of the agent", "Capabilities of a node").
#pragma once

#include <nlohmann/json.hpp>

#include "plugin-api/external/agent/agent_facts.h"
#include "plugin-api/external/json/values.h"

namespace aclk::external {

inline constexpr std::size_t kMaxNodes = 10'000;

// mirrored_hosts_status of /api/v1/info, the local node first; entries without a machine GUID are left out, at most
// kMaxNodes are taken. Of the fields only identity, hops and live are filled: the agent says no more here.
[[nodiscard]] NodeList read_mirrored_hosts(const nlohmann::json &info, const std::string &local_guid);

// The lists of proto/README.md, "Capabilities of the agent", less what cannot be served over the local REST API:
// functions (403) and dynamic configuration.
[[nodiscard]] std::vector<naclk_capability> agent_capabilities(const AgentFacts &facts);
[[nodiscard]] std::vector<naclk_capability> node_capabilities(const naclk_node &node);

}  // namespace aclk::external
