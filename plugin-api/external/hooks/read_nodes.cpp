// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/hooks/read_nodes.h"

#include <algorithm>

#include "claim/base/uuid.h"
#include "plugin-api/external/json/json_fields.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxNodes = 10'000;

}  // namespace

std::vector<Node> read_mirrored_hosts(const nlohmann::json &info, const std::string &local_guid) {
  std::vector<Node> nodes;
  const auto &names = array_of(info, "mirrored_hosts");  // in the same order
  const auto &hosts = array_of(info, "mirrored_hosts_status");
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto &h = hosts[i];
    auto guid = parse_uuid(text_of(h, "guid"));
    if (!guid || nodes.size() >= kMaxNodes) continue;
    if (std::any_of(nodes.begin(), nodes.end(), [&](const Node &n) { return n.machine_guid == *guid; })) continue;
    Node n;
    n.machine_guid = std::move(*guid);
    n.hostname = text_of(h, "hostname");
    if (n.hostname.empty() && names.size() == hosts.size() && names[i].is_string()) n.hostname = names[i];
    n.local = n.machine_guid == local_guid;
    n.live = n.local || bool_of(h, "reachable");
    n.hops = n.local ? 0 : static_cast<std::int32_t>(std::clamp<std::int64_t>(int_of(h, "hops", 1), 1, 1000));
    nodes.push_back(std::move(n));
  }
  std::stable_partition(nodes.begin(), nodes.end(), [](const Node &n) { return n.local; });
  return nodes;
}

std::vector<Capability> agent_capabilities(const AgentFacts &facts) {
  const std::uint32_t ml = facts.ml_capable ? 1 : 0;
  return {{"json", 2, false}, {"proto", 1, true},  {"ml", ml, facts.ml_enabled}, {"mc", 1, true},
          {"ctx", 1, true},   {"funcs", 0, false}, {"req_cancel", 1, true}};
}

std::vector<Capability> node_capabilities(const Node &node) {
  const std::uint32_t ml = node.ml_capable ? 1 : 0;
  return {{"proto", 1, true}, {"ml", ml, node.ml_enabled}, {"mc", 1, true},
          {"ctx", 1, true},   {"funcs", 0, false},         {"req_cancel", 1, true}};
}

}  // namespace aclk::external
