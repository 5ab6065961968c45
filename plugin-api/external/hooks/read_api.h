// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the agent's API says of nodes, as structs of the ABI: which nodes there are and what each can do, the facts
// about one and its collectors, its contexts (plugin-api/external/API.md, "Identity and node info", "Children",
// "Contexts and charts"; proto/README.md, "Capabilities of the agent", "Capabilities of a node", "Node facts"). Pure;
// any JSON may come.
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

// What /api/v1/info of a node does not say.
struct NodeExtras {
  std::string name;  // host name
  std::string os;    // "linux"
  std::string custom_info;
  std::string timezone;  // abbreviation
  bool local = false;
  std::string proxy_label;  // value of _aclk_proxy: none, HTTP, HTTPS, SOCKS5, SOCKS5H
};

// Labels are preferred to the members of the same meaning: a child's members went through a URL, where + got lost.
// The labels of the local node say what is true with this plugin: _aclk_available and its companions, which an agent
// built without cloud denies. A child's labels are its own business. At most 1000 labels.
[[nodiscard]] NodeFacts read_node_info(const nlohmann::json &info, const NodeExtras &extras);

// "2.596e+09", "2.3e 09" (a + that became a space), "2300000000" as an integer of Hz; "" for anything else.
[[nodiscard]] std::string integer_hz(std::string text);

// Distinct pairs, sorted.
[[nodiscard]] CollectorList read_collectors(const nlohmann::json &info);

// /api/v1/contexts, the same in both generations. Sorted by id; at most 200 000. Contexts that are hidden or deleted
// are not in the document unless asked for.
[[nodiscard]] ContextList read_contexts(const nlohmann::json &document);

// Changes when a context came or went, or anything the cloud is told of one did. last_s counts only once the context
// is no longer collected: until then it is the time of the reading.
[[nodiscard]] std::uint64_t fingerprint(const std::vector<naclk_context> &contexts);

}  // namespace aclk::external
