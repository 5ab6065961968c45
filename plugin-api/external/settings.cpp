// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/settings.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "claim/ini.h"
#include "plugin-api/external/plugin_start.h"

namespace aclk::external {
namespace {

constexpr std::string_view kOwn = "plugin:aclk";
constexpr std::uint16_t kNetdataPort = 19999;
constexpr unsigned kMaxWebThreads = 6;  // both generations' default upper bound

std::optional<unsigned> number(const NetdataConf &conf, std::string_view section, std::string_view key) {
  const auto text = conf.get(section, key);
  if (!text) return std::nullopt;
  unsigned n = 0;
  const auto r = std::from_chars(text->data(), text->data() + text->size(), n);
  return r.ec == std::errc{} ? std::optional<unsigned>(n) : std::nullopt;  // "5s" is 5, as the agent reads it
}

std::chrono::milliseconds interval(const NetdataConf &conf, std::string_view key, std::chrono::milliseconds fallback) {
  const auto n = number(conf, kOwn, key);
  return n ? std::chrono::seconds(std::clamp(*n, 1U, 300U)) : fallback;
}

}  // namespace

Settings read_settings(const NetdataConf &conf, const Options &options) {
  Settings s;
  s.agent_url = options.agent_url.empty() ? conf.get(kOwn, "agent url").value_or("") : options.agent_url;
  s.bind_to = conf.get("web", "bind to").value_or(conf.get("global", "bind socket to IP").value_or(""));
  const auto port = number(conf, "web", "default port").value_or(number(conf, "global", "default port").value_or(0));
  s.default_port = port >= 1 && port <= 65535 ? static_cast<std::uint16_t>(port) : kNetdataPort;
  s.web_disabled = has_no_web_server(conf);
  s.web_threads = std::min(number(conf, "web", "web server threads").value_or(0), 256U);
  s.polls.alerts = interval(conf, "poll alerts every", s.polls.alerts);
  s.polls.nodes = interval(conf, "poll nodes every", s.polls.nodes);
  s.polls.contexts = interval(conf, "poll contexts every", s.polls.contexts);
  s.statistics = claim::ini_yes(conf.get("cloud", "statistics").value_or("yes"));
  s.socket = conf.get(kOwn, "socket").value_or("");
  return s;
}

unsigned query_limit(const Settings &settings, Generation generation, unsigned cores) {
  unsigned threads = settings.web_threads;
  if (threads == 0) threads = generation == Generation::v1 ? std::min(kMaxWebThreads, cores) : kMaxWebThreads;
  return threads > 1 ? threads - 1 : 1;
}

}  // namespace aclk::external
