// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/poll/change_detector.h"

#include <algorithm>
#include <array>

#include "claim/base/hash.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external {
namespace {

// In what the agent's list tells of a node.
bool same_node(const naclk_node &a, const naclk_node &b) {
  return text(a.machine_guid) == text(b.machine_guid) && text(a.hostname) == text(b.hostname) && a.hops == b.hops &&
         a.local == b.local && a.live == b.live;
}

}  // namespace

Versions read_versions(const nlohmann::json &document) {
  const auto &inner = object_of(document, "versions");
  const auto &v = inner.empty() ? document : inner;
  Hash alerts;
  alerts.add(uint_of(v, "alerts_hard_hash")).add(uint_of(v, "alerts_soft_hash"));
  return {uint_of(v, "nodes_hard_hash"), uint_of(v, "contexts_hard_hash"), alerts.value(),
          uint_of(v, "contexts_soft_hash")};
}

InfoPrint print_of_info(const nlohmann::json &info) {
  constexpr std::array kFields{"version",          "release-channel", "os_name",     "os_version", "kernel_name",
                               "kernel_version",   "architecture",    "cores_total", "cpu_freq",   "ram_total",
                               "total_disk_space", "virtualization",  "container"};
  Hash h;
  for (const char *field : kFields) h.add(text_of(info, field));
  for (const auto &[key, value] : object_of(info, "host_labels").items()) h.add(key).add(value.dump());
  h.add(object_of(info, "ml-info").dump());
  Hash c;
  std::vector<std::string> collectors;  // their order is that of a hash table
  for (const auto &one : array_of(info, "collectors")) collectors.push_back(one.dump());
  std::sort(collectors.begin(), collectors.end());
  for (const auto &one : collectors) c.add(one);
  return {h.value(), c.value()};
}

Events ChangeDetector::for_each_node(naclk_event_kind kind) const {
  Events out;
  for (const auto &n : nodes_.items) out.push_back({kind, std::string(text(n.machine_guid))});
  return out;
}

Events ChangeDetector::on_nodes(NodeList nodes) {
  if (std::ranges::equal(nodes.items, nodes_.items, same_node)) return {};
  Events out{{NACLK_EVENT_NODES, {}}};
  // The alerts of nodes that are away are not looked at: what one raised just before it left is read now.
  for (const auto &was : nodes_.items) {
    const auto guid = text(was.machine_guid);
    const auto is =
        std::ranges::find_if(nodes.items, [&](const naclk_node &n) { return text(n.machine_guid) == guid; });
    if (was.live != 0 && is != nodes.items.end() && is->live == 0)
      out.push_back({NACLK_EVENT_ALERTS, std::string(guid)});
  }
  nodes_ = std::move(nodes);
  std::erase_if(seen_, [&](const auto &s) {
    return std::ranges::none_of(nodes_.items, [&](const naclk_node &n) { return text(n.machine_guid) == s.first; });
  });
  return out;
}

bool ChangeDetector::knows_info(const std::string &node, std::uint64_t text) const {
  const auto seen = seen_.find(node);
  return text != 0 && seen != seen_.end() && seen->second.info_text == text;
}

Events ChangeDetector::on_info(const std::string &node, InfoPrint print, std::uint64_t text) {
  Events out;
  seen_[node].info_text = text;
  auto &seen = seen_[node].info;
  if (seen && seen->info != print.info) out.push_back({NACLK_EVENT_NODE_INFO, node});
  if (seen && seen->collectors != print.collectors) out.push_back({NACLK_EVENT_COLLECTORS, node});
  seen = print;
  return out;
}

Events ChangeDetector::on_contexts(const std::string &node, std::uint64_t fingerprint) {
  auto &seen = seen_[node].contexts;
  if (seen == fingerprint) return {};
  seen = fingerprint;
  return {{NACLK_EVENT_CONTEXTS, node}};
}

Events ChangeDetector::on_alert_log(const std::string &node, std::uint64_t latest) {
  auto &seen = seen_[node].alerts;
  if (seen == latest) return {};
  seen = latest;
  return {{NACLK_EVENT_ALERTS, node}};
}

Events ChangeDetector::on_return() {
  Events out{{NACLK_EVENT_NODES, {}}};
  for (const auto kind : {NACLK_EVENT_CONTEXTS, NACLK_EVENT_ALERTS}) {
    const auto more = for_each_node(kind);
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

}  // namespace aclk::external
