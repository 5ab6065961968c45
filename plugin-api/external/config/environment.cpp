// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/config/environment.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "claim/base/files.h"
#include "claim/base/uuid.h"

namespace aclk::external {
namespace {

std::string own_hostname() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("localhost");
}

// The flag that the documents promise (0x800) and the two of the sources; aclk/report/README.md, "Log lines".
bool wants_debug(const std::string &flags) {
  constexpr unsigned long long kAclk = 0x800ULL | 0x01000000ULL | 0x200000000ULL;
  return (std::strtoull(flags.c_str(), nullptr, 0) & kAclk) != 0;
}

constexpr std::string_view kWorker = "--worker";
constexpr std::string_view kClaim = "--claim-as-written";
constexpr std::string_view kStatusFd = "--status-fd=";
constexpr std::string_view kSocketFd = "--socket-fd=";
constexpr std::string_view kPluginStatusFd = "--plugin-status-fd=";
constexpr std::string_view kSupervisor = "--supervisor=";
constexpr std::string_view kAgentUrl = "--agent-url=";

template <class T>
std::optional<T> parse_int(std::string_view text) {
  T n{};
  const auto r = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || r.ec != std::errc{} || r.ptr != text.data() + text.size()) return std::nullopt;
  return n;
}

}  // namespace

Environment read_environment(const Getenv &getenv) {
  const auto get = [&](const char *name, std::string fallback) {
    auto value = getenv(name);
    return value && !value->empty() ? std::move(*value) : std::move(fallback);
  };
  Environment e;
  e.version = get("NETDATA_VERSION", "");
  if (!e.version.empty() && e.version.front() != 'v') e.version.insert(0, 1, 'v');
  e.user_config = get("NETDATA_USER_CONFIG_DIR", get("NETDATA_CONFIG_DIR", "/etc/netdata"));
  e.stock_config = get("NETDATA_STOCK_CONFIG_DIR", "/usr/lib/netdata/conf.d");
  e.lib = get("NETDATA_LIB_DIR", "/var/lib/netdata");
  e.cache = get("NETDATA_CACHE_DIR", "/var/cache/netdata");
  e.log = get("NETDATA_LOG_DIR", "/var/log/netdata");
  e.run = get("NETDATA_RUN_DIR", "");
  e.pipe_name = get("NETDATA_PIPENAME", "");
  e.hostname = get("NETDATA_HOSTNAME", own_hostname());
  e.registry_hostname = get("NETDATA_REGISTRY_HOSTNAME", "");
  e.logfmt = getenv("NETDATA_LOG_FORMAT").has_value();
  e.debug = wants_debug(get("NETDATA_DEBUG_FLAGS", "0")) || get("NETDATA_LOG_LEVEL", "") == "debug";
  e.from_agent = getenv("NETDATA_LIB_DIR").has_value() || getenv("NETDATA_VERSION").has_value();

  auto guid = get("NETDATA_REGISTRY_UNIQUE_ID", "");
  if (guid.empty()) guid = read_file(e.lib / "registry" / "netdata.public.unique.id", 256).value_or("");
  e.machine_guid = parse_uuid(guid).value_or("");
  return e;
}

Options parse_options(const std::vector<std::string> &args, StartedBy who) {
  Options o;
  if (args.empty() && who == StartedBy::person) o.mode = Mode::explain;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string_view a = args[i];
    if (i == 0) {
      if (const auto seconds = parse_int<int>(a)) {
        o.update_every = std::chrono::seconds(std::clamp(*seconds, 1, 86400));
        if (who == StartedBy::person && args.size() == 1) o.mode = Mode::explain;
        continue;
      }
    }
    if (a == kWorker) {
      o.mode = Mode::work;
    } else if (a == kClaim) {
      o.mode = Mode::claim;
    } else if (a.starts_with(kStatusFd)) {
      o.status_fd = parse_int<int>(a.substr(kStatusFd.size())).value_or(-1);
    } else if (a.starts_with(kSocketFd)) {
      o.socket_fd = parse_int<int>(a.substr(kSocketFd.size())).value_or(-1);
    } else if (a.starts_with(kPluginStatusFd)) {
      o.plugin_status_fd = parse_int<int>(a.substr(kPluginStatusFd.size())).value_or(-1);
    } else if (a.starts_with(kSupervisor)) {
      o.supervisor = parse_int<pid_t>(a.substr(kSupervisor.size())).value_or(0);
    } else if (a.starts_with(kAgentUrl)) {
      o.agent_url = a.substr(kAgentUrl.size());
    } else if (a == "-W" && i + 1 < args.size() && (args[i + 1] == "buildinfo" || args[i + 1] == "buildinfojson")) {
      o.mode = args[i + 1] == "buildinfo" ? Mode::buildinfo : Mode::buildinfojson;
      ++i;
    } else if (a == "--version" || a == "-v" || a == "-V") {
      o.mode = Mode::version;
    } else if (a == "--help" || a == "-h") {
      o.mode = Mode::help;
    } else {
      o.unknown.emplace_back(a);
    }
  }
  return o;
}

std::vector<std::string> claimer_arguments(const Options &own, int lines_fd) {
  return {std::to_string(own.update_every.count()), std::string(kClaim),
          std::string(kStatusFd) + std::to_string(lines_fd)};
}

std::vector<std::string> worker_arguments(const Options &own, const WorkerFds &fds, pid_t supervisor) {
  std::vector<std::string> args{std::to_string(own.update_every.count()),
                                std::string(kWorker),
                                std::string(kStatusFd) + std::to_string(fds.status),
                                std::string(kSocketFd) + std::to_string(fds.socket),
                                std::string(kPluginStatusFd) + std::to_string(fds.plugin_status),
                                std::string(kSupervisor) + std::to_string(supervisor)};
  if (!own.agent_url.empty()) args.push_back(std::string(kAgentUrl) + own.agent_url);
  return args;
}

}  // namespace aclk::external
