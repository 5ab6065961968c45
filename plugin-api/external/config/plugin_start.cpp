// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/config/plugin_start.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <system_error>

#include "claim/base/c_own.h"
#include "claim/ini.h"

namespace aclk::external {
namespace fs = std::filesystem;

namespace {

bool separates(char c) { return c == ' ' || c == '\t' || c == ',' || c == '\r' || c == '\n'; }

// One word off the text; in quotes it may hold white space.
std::string next_directory(std::string_view &text) {
  while (!text.empty() && separates(text.front())) text.remove_prefix(1);
  if (text.empty()) return {};
  const char quote = text.front();
  std::size_t end = 0;
  std::string word;
  if (quote == '"' || quote == '\'') {
    text.remove_prefix(1);
    end = std::min(text.find(quote), text.size());
    word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  } else {
    while (end < text.size() && !separates(text[end])) ++end;
    word = text.substr(0, end);
    text.remove_prefix(end);
  }
  return word;
}

constexpr off_t kLastBytes = 1 << 20;

bool has(std::string_view line, std::string_view part) { return line.find(part) != std::string_view::npos; }

// Empty when it cannot be read.
std::string end_of(const fs::path &log) {
  if (log.empty()) return {};
  const Fd file(::open(log.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat st {};
  if (!file || ::fstat(file.get(), &st) != 0 || !S_ISREG(st.st_mode)) return {};
  const off_t from = std::max<off_t>(0, st.st_size - kLastBytes);
  std::string text(static_cast<std::size_t>(st.st_size - from), '\0');
  std::size_t got = 0;
  while (got < text.size()) {
    const auto n = ::pread(file.get(), text.data() + got, text.size() - got, from + static_cast<off_t>(got));
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  text.resize(got);
  return text;
}

}  // namespace

std::vector<fs::path> plugin_directories(const NetdataConf &conf) {
  constexpr std::size_t kMax = 20;  // the agent's own bound
  const auto value = conf.get("directories", "plugins").value_or(conf.get("global", "plugins directory").value_or(""));
  std::vector<fs::path> out;
  std::string_view text = value;
  while (!text.empty() && out.size() < kMax)
    if (auto word = next_directory(text); !word.empty()) out.emplace_back(std::move(word));
  return out;
}

std::string installed_plugin(const NetdataConf &conf, const claim::Getenv &getenv) {
  std::vector<fs::path> dirs;
  for (const auto *name : {"NETDATA_USER_PLUGINS_DIRS", "NETDATA_PLUGINS_DIR"})
    if (const auto dir = getenv(name); dir && !dir->empty()) dirs.emplace_back(*dir);
  for (auto &dir : plugin_directories(conf)) dirs.push_back(std::move(dir));
  for (const auto *usual :
       {"/usr/lib/netdata/plugins.d", "/usr/libexec/netdata/plugins.d", "/etc/netdata/custom-plugins.d"})
    dirs.emplace_back(usual);
  std::error_code ignored;
  for (const auto &dir : dirs)
    if (fs::exists(dir / "aclk.plugin", ignored)) return (dir / "aclk.plugin").native();
  return {};
}

std::string why_not_started(const NetdataConf &conf, std::string_view plugin_file) {
  const auto own = conf.get("plugins", "aclk");
  if (own && !claim::ini_yes(*own))
    return fmt::format(
        "aclk.plugin is switched off: netdata.conf has aclk = {} in [plugins]; change it and restart "
        "the agent",
        *own);
  if (const auto others = conf.get("plugins", "enable running new plugins"); !own && others && !claim::ini_yes(*others))
    return fmt::format(
        "the agent does not start aclk.plugin: netdata.conf has enable running new plugins = {} in "
        "[plugins]; add aclk = yes to [plugins] and restart the agent",
        *others);
  const auto dirs = plugin_directories(conf);
  if (plugin_file.empty() || dirs.empty()) return {};
  const auto dir = fs::path(plugin_file).parent_path().lexically_normal();
  const auto is_ours = [&](const fs::path &d) { return (d / "").lexically_normal() == (dir / "").lexically_normal(); };
  if (std::any_of(dirs.begin(), dirs.end(), is_ours)) return {};
  return fmt::format(
      "the agent does not look for plugins where aclk.plugin is: netdata.conf has plugins = {} in "
      "[directories], without {}; add \"{}\" to it and restart the agent",
      conf.get("directories", "plugins").value_or(conf.get("global", "plugins directory").value_or("")), dir.native(),
      dir.native());
}

bool says_given_up(std::string_view log) {
  bool given_up = false;
  while (!log.empty()) {
    const auto end = std::min(log.find('\n'), log.size());
    const auto line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    if (has(line, "netdata started on pid")) given_up = false;
    if (!has(line, "/aclk.plugin'")) continue;
    if (has(line, "connected to '")) given_up = false;  // it is tried: what comes of it stands in a later line
    if (has(line, "Disabling it") || has(line, "now disabled")) given_up = true;
  }
  return given_up;
}

fs::path agent_error_log(const NetdataConf &conf, const claim::Getenv &getenv) {
  const auto named = conf.get("logs", "error").value_or("");
  if (!named.empty() && named.front() == '/') return named;
  if (!named.empty()) return {};  // stderr, syslog, system, none
  const auto dir = conf.get("directories", "log").value_or(getenv("NETDATA_LOG_DIR").value_or("/var/log/netdata"));
  return fs::path(dir) / "error.log";
}

std::string why_given_up(const NetdataConf &conf, const claim::Getenv &getenv) {
  const auto log = agent_error_log(conf, getenv);
  if (!says_given_up(end_of(log))) return {};
  return fmt::format(
      "the agent has given aclk.plugin up ({}), as it does when the plugin's file was away for two minutes; restart "
      "the "
      "agent (with systemd: systemctl restart netdata)",
      log.native());
}

}  // namespace aclk::external
