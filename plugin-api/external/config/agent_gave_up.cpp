// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/config/agent_gave_up.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "claim/base/c_own.h"

namespace aclk::external {
namespace fs = std::filesystem;

namespace {

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
