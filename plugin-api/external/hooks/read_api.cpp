// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/hooks/read_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <utility>

#include "claim/base/hash.h"
#include "claim/base/uuid.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxLabels = 1000;
constexpr std::size_t kMaxCollectors = 10'000;

// key, value: literals, or kept.
void set_label(std::vector<naclk_pair> &labels, std::string_view key, naclk_str value) {
  const auto it = std::ranges::find_if(labels, [&](const naclk_pair &l) { return text(l.key) == key; });
  if (it != labels.end())
    it->value = value;
  else
    labels.push_back({.key = view(key), .value = value});
}

// Counts are printed as text, at times as a fraction: "25276514304", "2.5e+10".
std::string integer_text(const std::string &text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) return text;
  return integer_hz(text);
}

constexpr std::size_t kMaxContexts = 200'000;

}  // namespace

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

std::string integer_hz(std::string text) {
  if (const auto e = text.find_first_of("eE"); e != std::string::npos && e + 1 < text.size() && text[e + 1] == ' ')
    text[e + 1] = '+';
  char *end = nullptr;
  const double hz = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(hz) || hz <= 0 || hz > 1e18) return {};
  return fmt::format("{:.0f}", hz);
}

NodeFacts read_node_info(const nlohmann::json &info, const NodeExtras &extras) {
  const auto &labels = object_of(info, "host_labels");
  const auto either = [&](const char *label, const char *key) {
    auto value = text_of(labels, label);
    return value.empty() ? text_of(info, key) : value;
  };
  NodeFacts facts;
  auto &n = facts.info;
  const auto keep = [&](std::string_view value) { return facts.texts.keep(value); };
  n.size = sizeof n;
  n.name = keep(extras.name);
  n.os = keep(extras.os.empty() ? text_of(labels, "_os") : extras.os);
  n.os_name = keep(either("_os_name", "os_name"));
  n.os_version = keep(either("_os_version", "os_version"));
  n.kernel_name = keep(text_of(info, "kernel_name"));
  n.kernel_version = keep(either("_kernel_version", "kernel_version"));
  n.architecture = keep(either("_architecture", "architecture"));
  n.cpus = static_cast<std::uint32_t>(std::strtoul(either("_system_cores", "cores_total").c_str(), nullptr, 10));
  n.cpu_frequency_hz = keep(integer_hz(either("_system_cpu_freq", "cpu_freq")));
  n.memory_bytes = keep(integer_text(either("_system_ram_total", "ram_total")));
  n.disk_bytes = keep(integer_text(either("_system_disk_space", "total_disk_space")));
  n.version = keep(text_of(info, "version"));
  n.release_channel = keep(text_of(info, "release-channel"));
  n.timezone = keep(extras.timezone.empty() ? text_of(labels, "_abbrev_timezone") : extras.timezone);
  n.virtualization = keep(either("_virtualization", "virtualization"));
  n.container = keep(either("_container", "container"));
  n.custom_info = keep(extras.custom_info);
  const auto &ml = object_of(info, "ml-info");
  n.own_ml_capable = bool_of(ml, "ml-capable") ? 1 : 0;
  n.own_ml_enabled = bool_of(ml, "ml-enabled") ? 1 : 0;
  for (const auto &[key, value] : labels.items()) {
    if (facts.labels.size() >= kMaxLabels) break;
    facts.labels.push_back({.key = keep(key), .value = keep(text_of(labels, key.c_str()))});
  }
  if (extras.local) {
    set_label(facts.labels, "_aclk_available", view("true"));
    set_label(facts.labels, "_mqtt_version", view("5"));
    set_label(facts.labels, "_aclk_proxy", keep(extras.proxy_label));
    set_label(facts.labels, "_aclk_ng_new_cloud_protocol", view("true"));
  }
  return facts;
}

CollectorList read_collectors(const nlohmann::json &info) {
  std::set<std::pair<std::string, std::string>> pairs;  // plugin, module
  for (const auto &c : array_of(info, "collectors")) {
    if (pairs.size() >= kMaxCollectors) break;
    std::pair one(text_of(c, "plugin"), text_of(c, "module"));
    if (!one.first.empty() || !one.second.empty()) pairs.insert(std::move(one));
  }
  CollectorList out;
  for (const auto &[plugin, module] : pairs) {
    auto &one = out.add();
    one.plugin = out.texts.keep(plugin);
    one.module = out.texts.keep(module);
  }
  return out;
}

ContextList read_contexts(const nlohmann::json &document) {
  ContextList out;
  for (const auto &[id, c] : object_of(document, "contexts").items()) {  // nlohmann keeps members sorted
    if (out.items.size() >= kMaxContexts) break;
    if (id.empty() || id.size() > kMaxField || !c.is_object() || bool_of(c, "deleted")) continue;
    auto &one = out.add();
    one.id = out.texts.keep(id);
    one.title = out.texts.keep(text_of(c, "title"));
    one.units = out.texts.keep(text_of(c, "units"));
    one.family = out.texts.keep(text_of(c, "family"));
    one.chart_type = out.texts.keep(text_of(c, "chart_type"));
    one.priority = uint_of(c, "priority");
    one.first_s = uint_of(c, "first_time_t");
    one.last_s = uint_of(c, "last_time_t");
    one.collected = bool_of(c, "collected") ? 1 : 0;
  }
  return out;
}

std::uint64_t fingerprint(const std::vector<naclk_context> &contexts) {
  Hash h;
  for (const auto &c : contexts)
    h.add(text(c.id))
        .add(text(c.title))
        .add(text(c.units))
        .add(text(c.family))
        .add(text(c.chart_type))
        .add(c.priority)
        .add(c.first_s)
        .add(c.collected != 0 ? 0 : c.last_s);
  return h.value();
}

}  // namespace aclk::external
