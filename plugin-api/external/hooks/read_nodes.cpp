// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/hooks/read_nodes.h"

#include <algorithm>
#include <map>

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

void add_node_instances(std::vector<Node> &nodes, const nlohmann::json &node_instances) {
  std::map<std::string, const nlohmann::json *> known;
  for (const auto &n : array_of(node_instances, "nodes"))
    if (const auto guid = parse_uuid(text_of(n, "mg"))) known[*guid] = &n;
  for (auto &node : nodes) {
    const auto it = known.find(node.machine_guid);
    if (it == known.end()) continue;
    const auto &instances = array_of(*it->second, "instances");
    const auto &instance = instances.empty() ? *it->second : instances.front();
    const auto ingest = text_of(object_of(instance, "ingest"), "status");
    // A child that has just come is "initializing" first. One that is away can be that too, in an agent that has just
    // begun.
    node.replicating = ingest == "replicating" || (ingest == "initializing" && node.live && !node.local);
    if (!node.local && !ingest.empty()) node.live = ingest == "online";
    const auto health = text_of(object_of(instance, "health"), "status");
    node.health_enabled = health == "running" || health == "initializing";
    const auto ml = text_of(object_of(instance, "ml"), "status");
    node.ml_enabled = ml == "running" || ml == "initializing" || ml == "online";
    node.ml_capable = !ml.empty();
  }
}

std::vector<Capability> agent_capabilities(const AgentFacts &facts, bool health_enabled) {
  const std::uint32_t ml = facts.ml_capable ? 1 : 0;
  if (facts.generation == Generation::v1)
    return {{"json", 2, false}, {"proto", 1, true},  {"ml", ml, facts.ml_enabled}, {"mc", 1, true},
            {"ctx", 1, true},   {"funcs", 0, false}, {"req_cancel", 1, true}};
  return {{"json", 2, false},      {"proto", 1, true},  {"ml", ml, facts.ml_enabled}, {"mc", 1, true},
          {"ctx", 1, true},        {"funcs", 1, true},  {"http_api_v2", 7, true},     {"health", 2, health_enabled},
          {"req_cancel", 1, true}, {"dyncfg", 0, false}};
}

std::vector<Capability> node_capabilities(Generation generation, const Node &node) {
  const std::uint32_t ml = node.ml_capable ? 1 : 0;
  if (generation == Generation::v1)
    return {{"proto", 1, true}, {"ml", ml, node.ml_enabled}, {"mc", 1, true},
            {"ctx", 1, true},   {"funcs", 0, false},         {"req_cancel", 1, true}};
  return {{"proto", 1, true},
          {"ml", ml, node.ml_enabled},
          {"mc", 1, true},
          {"ctx", 1, true},
          {"funcs", 1, true},
          {"http_api_v2", 7, true},
          {"health", 2, node.health_enabled},
          {"req_cancel", 1, true},
          {"dyncfg", 0, false}};
}

}  // namespace aclk::external
