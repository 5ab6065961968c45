// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/config/options.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace aclk::external {
namespace {

constexpr std::string_view kWorker = "--worker";
constexpr std::string_view kClaim = "--claim-as-written";
constexpr std::string_view kStatusFd = "--status-fd=";
constexpr std::string_view kSocketFd = "--socket-fd=";
constexpr std::string_view kWordFd = "--word-fd=";
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

Options parse_options(const std::vector<std::string> &args, bool by_hand) {
  Options o;
  if (args.empty() && by_hand) o.mode = Mode::explain;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string_view a = args[i];
    if (i == 0) {
      if (const auto seconds = parse_int<int>(a)) {
        o.update_every = std::chrono::seconds(std::clamp(*seconds, 1, 86400));
        if (by_hand && args.size() == 1) o.mode = Mode::explain;
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
    } else if (a.starts_with(kWordFd)) {
      o.word_fd = parse_int<int>(a.substr(kWordFd.size())).value_or(-1);
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
                                std::string(kWordFd) + std::to_string(fds.word),
                                std::string(kSupervisor) + std::to_string(supervisor)};
  if (!own.agent_url.empty()) args.push_back(std::string(kAgentUrl) + own.agent_url);
  return args;
}

}  // namespace aclk::external
