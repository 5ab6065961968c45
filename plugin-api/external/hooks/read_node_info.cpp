// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/hooks/read_node_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <utility>

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

}  // namespace

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

}  // namespace aclk::external
