// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/hooks/read_node_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "plugin-api/external/json/json_fields.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxLabels = 1000;
constexpr std::size_t kMaxCollectors = 10'000;

void set_label(Labels &labels, const std::string &key, std::string value) {
  const auto it = std::find_if(labels.begin(), labels.end(), [&](const auto &l) { return l.first == key; });
  if (it != labels.end())
    it->second = std::move(value);
  else
    labels.emplace_back(key, std::move(value));
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

NodeInfo read_node_info(const nlohmann::json &info, const NodeExtras &extras) {
  const auto &labels = object_of(info, "host_labels");
  const auto either = [&](const char *label, const char *key) {
    auto value = text_of(labels, label);
    return value.empty() ? text_of(info, key) : value;
  };
  NodeInfo n;
  n.name = extras.name;
  n.os = extras.os.empty() ? text_of(labels, "_os") : extras.os;
  n.os_name = either("_os_name", "os_name");
  n.os_version = either("_os_version", "os_version");
  n.kernel_name = text_of(info, "kernel_name");
  n.kernel_version = either("_kernel_version", "kernel_version");
  n.architecture = either("_architecture", "architecture");
  n.cpus = static_cast<std::uint32_t>(std::strtoul(either("_system_cores", "cores_total").c_str(), nullptr, 10));
  n.cpu_frequency_hz = integer_hz(either("_system_cpu_freq", "cpu_freq"));
  n.memory_bytes = integer_text(either("_system_ram_total", "ram_total"));
  n.disk_bytes = integer_text(either("_system_disk_space", "total_disk_space"));
  n.version = text_of(info, "version");
  n.release_channel = text_of(info, "release-channel");
  n.timezone = extras.timezone.empty() ? text_of(labels, "_abbrev_timezone") : extras.timezone;
  n.virtualization = either("_virtualization", "virtualization");
  n.container = either("_container", "container");
  n.custom_info = extras.custom_info;
  const auto &ml = object_of(info, "ml-info");
  n.own_ml_capable = bool_of(ml, "ml-capable");
  n.own_ml_enabled = bool_of(ml, "ml-enabled");
  for (const auto &[key, value] : labels.items()) {
    if (n.labels.size() >= kMaxLabels) break;
    n.labels.emplace_back(key, text_of(labels, key.c_str()));
  }
  if (extras.local) {
    set_label(n.labels, "_aclk_available", "true");
    set_label(n.labels, "_mqtt_version", "5");
    set_label(n.labels, "_aclk_proxy", extras.proxy_label);
    set_label(n.labels, "_aclk_ng_new_cloud_protocol", "true");
  }
  return n;
}

std::vector<Collector> read_collectors(const nlohmann::json &info) {
  std::vector<Collector> out;
  for (const auto &c : array_of(info, "collectors")) {
    if (out.size() >= kMaxCollectors) break;
    Collector one{text_of(c, "plugin"), text_of(c, "module")};
    if (!one.plugin.empty() || !one.module.empty()) out.push_back(std::move(one));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace aclk::external
