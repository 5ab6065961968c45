// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/hooks/read_nodes.h"

#include <algorithm>

#include "claim/base/uuid.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external {

NodeList read_mirrored_hosts(const nlohmann::json &info, const std::string &local_guid) {
  NodeList nodes;
  const auto &names = array_of(info, "mirrored_hosts");  // in the same order
  const auto &hosts = array_of(info, "mirrored_hosts_status");
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto &h = hosts[i];
    const auto guid = parse_uuid(text_of(h, "guid"));
    if (!guid || nodes.items.size() >= kMaxNodes) continue;
    if (std::ranges::any_of(nodes.items, [&](const naclk_node &n) { return text(n.machine_guid) == *guid; })) continue;
    auto hostname = text_of(h, "hostname");
    if (hostname.empty() && names.size() == hosts.size() && names[i].is_string()) hostname = names[i];
    const bool local = *guid == local_guid;
    auto &n = nodes.add();
    n.machine_guid = nodes.texts.keep(*guid);
    n.hostname = nodes.texts.keep(hostname);
    n.local = local ? 1 : 0;
    n.live = local || bool_of(h, "reachable") ? 1 : 0;
    n.hops = local ? 0 : static_cast<std::int32_t>(std::clamp<std::int64_t>(int_of(h, "hops", 1), 1, 1000));
  }
  std::stable_partition(nodes.items.begin(), nodes.items.end(), [](const naclk_node &n) { return n.local != 0; });
  return nodes;
}

std::vector<naclk_capability> agent_capabilities(const AgentFacts &facts) {
  return {{.name = view("json"), .version = 2, .enabled = 0},
          {.name = view("proto"), .version = 1, .enabled = 1},
          {.name = view("ml"), .version = facts.ml_capable ? 1U : 0U, .enabled = facts.ml_enabled ? 1 : 0},
          {.name = view("mc"), .version = 1, .enabled = 1},
          {.name = view("ctx"), .version = 1, .enabled = 1},
          {.name = view("funcs"), .version = 0, .enabled = 0},
          {.name = view("req_cancel"), .version = 1, .enabled = 1}};
}

std::vector<naclk_capability> node_capabilities(const naclk_node &node) {
  return {{.name = view("proto"), .version = 1, .enabled = 1},
          {.name = view("ml"), .version = node.ml_capable != 0 ? 1U : 0U, .enabled = node.ml_enabled},
          {.name = view("mc"), .version = 1, .enabled = 1},
          {.name = view("ctx"), .version = 1, .enabled = 1},
          {.name = view("funcs"), .version = 0, .enabled = 0},
          {.name = view("req_cancel"), .version = 1, .enabled = 1}};
}

}  // namespace aclk::external
