// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/config/netdata_conf.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>

#include "aclk/module/settings.h"
#include "claim/base/files.h"
#include "claim/ini.h"

namespace aclk::external {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kOwn = "plugin:aclk";
constexpr unsigned kMaxWebThreads = 6;  // the agent's default upper bound
constexpr unsigned kQuickPerThread = 4;
constexpr unsigned kMostQueries = 64;  // as many as the module asks at once

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

NetdataConf NetdataConf::parse(std::string_view text) {
  NetdataConf conf;
  claim::visit_ini(text, [&](std::string_view section, std::string_view key, std::string_view value) {
    conf.values_[{std::string(section), std::string(key)}] = value;
  });
  return conf;
}

std::optional<std::string> NetdataConf::get(std::string_view section, std::string_view key) const {
  const auto it = values_.find({std::string(section), std::string(key)});
  return it == values_.end() ? std::nullopt : std::optional<std::string>(it->second);
}

std::optional<std::string> NetdataConfFile::get(std::string_view section, std::string_view key) {
  const std::lock_guard lock(mutex_);
  refresh();
  return conf_.get(section, key);
}

NetdataConf NetdataConfFile::snapshot() {
  const std::lock_guard lock(mutex_);
  refresh();
  return conf_;
}

std::optional<claim::Limit> NetdataConfFile::limit() {
  const std::lock_guard lock(mutex_);
  refresh();
  return limit_;
}

NetdataConfFile::Seen NetdataConfFile::seen(const struct stat &st) {
  const auto ns = [](const timespec &t) { return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; };
  return {st.st_dev, st.st_ino, st.st_size, ns(st.st_mtim), ns(st.st_ctim)};
}

void NetdataConfFile::refresh() {
  std::optional<Seen> now;
  if (struct stat st{}; ::stat(file_.c_str(), &st) == 0) now = seen(st);
  if (now && now == seen_) return;
  seen_ = now;
  conf_ = {};
  limit_ = claim::netdata_conf_limit(file_);
  if (limit_ && limit_->trouble) return;
  const auto text = read_file(file_, claim::kMaxNetdataConf);
  if (text) conf_ = NetdataConf::parse(*text);
  if (!text && text.error().code != Errc::not_found) seen_.reset();  // it changes just now: the next look tells
}

std::optional<std::uint16_t> port_of(const std::string &text) {
  const auto n = std::strtoll(text.c_str(), nullptr, 0);
  if (n < 1 || n > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(n);
}

Settings read_settings(const NetdataConf &conf, const Options &options) {
  Settings s;
  s.agent_url = options.agent_url.empty() ? conf.get(kOwn, "agent url").value_or("") : options.agent_url;
  // The agent moves the old keys of [global] to [web] in this order, and never over one that is there.
  const auto first = [&](const char *key, std::array<const char *, 2> old_keys) -> std::string {
    if (auto own = conf.get("web", key)) return *own;
    for (const auto *old : old_keys)
      if (auto moved = conf.get("global", old)) return *moved;
    return {};
  };
  s.bind_to = first("bind to", {"bind socket to IP", "bind to"});
  s.default_port = port_of(first("default port", {"port", "default port"})).value_or(kNetdataPort);
  s.allow_connections = conf.get("web", "allow connections from").value_or("");
  s.allow_dashboard = conf.get("web", "allow dashboard from").value_or("");
  s.web_disabled = has_no_web_server(conf);
  s.web_threads = std::min(number(conf, "web", "web server threads").value_or(0), 256U);
  s.polls.alerts = interval(conf, "poll alerts every", s.polls.alerts);
  s.polls.nodes = interval(conf, "poll nodes every", s.polls.nodes);
  s.polls.contexts = interval(conf, "poll contexts every", s.polls.contexts);
  s.statistics = claim::ini_yes(conf.get("cloud", "statistics").value_or("yes"));
  s.socket = conf.get(kOwn, "socket").value_or("");
  return s;
}

std::string link_settings(const NetdataConf &conf) {
  std::string out;
  const auto add = [&](std::string_view section, std::string_view key) {
    if (const auto value = conf.get(section, key)) out += fmt::format("[{}] {} = {}\n", section, key, *value);
  };
  for (const auto key : module::kLinkKeys) add("cloud", key);
  for (const auto *key : {"agent url", "poll alerts every", "poll nodes every", "poll contexts every"}) add(kOwn, key);
  return out;
}

QueryThreads query_limit(const Settings &settings, unsigned cores) {
  unsigned threads = settings.web_threads;
  if (threads == 0) threads = std::max(std::min(kMaxWebThreads, cores), 1U);
  return {threads > 1 ? threads - 1 : 1, std::min(threads * kQuickPerThread, kMostQueries)};
}

bool has_no_web_server(const NetdataConf &conf) { return conf.get("web", "mode").value_or("") == "none"; }

}  // namespace aclk::external
