// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/commands.h"

#include <fmt/format.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>

#include "aclk/net/claim_put.h"
#include "claim/agent_user.h"
#include "claim/base/files.h"
#include "claim/base/text.h"
#include "claim/base/url.h"
#include "claim/base/uuid.h"
#include "claim/claim_script.h"
#include "claim/identity.h"
#include "claim/ini.h"
#include "claim/proxy.h"
#include "plugin-api/cli/directories.h"
#include "plugin-api/cli/secrets.h"

namespace aclk::cli {
namespace fs = std::filesystem;
namespace {

using claim::ExitCode;
using claim::ScriptArguments;

constexpr int kNoWriteAccess = 32;  // 2.x
constexpr mode_t kClaimConfMode = 0640;
constexpr auto kNoGroup = static_cast<gid_t>(-1);

// Of a file of the agent's user; we are he already. One that he cannot read does not count, and is named.
std::optional<std::string> text_of(const fs::path &file) {
  const auto text = read_file(file, 64U << 10);
  if (!text && text.error().code != Errc::not_found)
    fmt::print(stderr, "warning: {}; it is not used\n", text.error().what);
  if (!text || trimmed(*text).empty()) return std::nullopt;
  return std::string(trimmed(*text));
}

claim::ClaimOptions options_of(const ScriptArguments &a, const Directories &d) {
  claim::ClaimOptions o;
  o.cloud_dir = d.cloud;
  o.lib_dir = d.lib;
  o.netdata_conf = d.config / "netdata.conf";
  o.token = a.token;
  o.rooms = a.rooms;
  o.url = a.url;
  o.proxy = a.proxy;
  o.insecure = a.insecure;
  o.hostname = a.hostname;
  return o;
}

// The caller is the agent's user already.
claim::ClaimReport claim(const claim::ClaimOptions &o, const std::function<void(std::string_view)> &say) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto disk = claim::real_disk();
  return claim::claim_node(o, claim::real_environment(*disk, net::put_claim, say));
}

// ---------------------------------------------------------------------------------------------------- as 1.37

void print_settings(const claim::ClaimOptions &o, const ScriptArguments &a) {
  const auto conf = claim::read_cloud_conf(o.cloud_dir / "cloud.conf").value_or(claim::CloudConf{});
  const auto settings = fmt::format(
      "Token: ****************\nBase URL: {}\nId: {}\nRooms: {}\nHostname: {}\nProxy: {}\nNetdata user: {}\n",
      masked_url(o.url.value_or(conf.url)), o.claim_id.value_or("a new one"), o.rooms.value_or(""),
      o.hostname.value_or(claim::system_hostname()), claim::masked_proxy(o.proxy.value_or(conf.proxy)),
      a.user.value_or(claim::user_name(::geteuid())));
  fmt::print(stderr, "{}", terminal_text(settings));
}

int end_as_v1(const claim::ClaimReport &report, const ScriptArguments &a, const claim::ClaimOptions &o,
              const Directories &d) {
  if (report.exit == ExitCode::claimed) {
    fmt::print("{}Node was successfully claimed.\n{}\n",
               a.proxy && *a.proxy != "none" ? "The proxy is kept in cloud.conf for the link as well. " : "",
               terminal_text(report.message));
    return 0;
  }
  if (report.exit == ExitCode::unreachable)
    fmt::print(stderr, "Failed to connect to {}, return code {}\n", o.url ? masked_url(*o.url) : "the cloud",
               static_cast<int>(report.exit));
  if (const auto text = claim::script_error(report.exit); !text.empty())
    fmt::print(stderr, "Failed to claim node with the following error message:\"{}\"\n", text);
  if (const auto key = claim::script_error_key(report.exit); a.verbose && !key.empty())
    fmt::print(stderr, "Error key was:\"{}\"\n", key);
  if (report.exit == ExitCode::wrong_user) {
    const auto user = claim::agent_user(places_of(d));
    fmt::print(stderr, "This script must be run by the {} user account\n", user && *user ? (*user)->name : "netdata");
  }
  fmt::print(stderr, "{}\n", terminal_text(report.message));
  return claim::script_exit(report.exit);
}

int run_as_v1(const ScriptArguments &a, const Directories &d) {
  if (!a.unknown.empty()) {
    fmt::print(stderr, "Unknown argument {}\n", a.unknown);
    return static_cast<int>(ExitCode::usage);
  }
  auto o = options_of(a, d);
  if (a.user && ::geteuid() != 0 && *a.user != caller_name())
    return end_as_v1({ExitCode::wrong_user, fmt::format("It is run by {}.", caller_name())}, a, o, d);
  std::optional<fs::path> file;
  if (!o.token) {
    auto named = token_file_named_by_environment();
    if (!named) return end_as_v1({ExitCode::usage, named.error().what}, a, o, d);
    file = std::move(*named);
  }
  // From here on nothing is opened that the agent's user may not open.
  auto token = become_agent_user_with_token(places_of(d), file, TokenFileNamedBy::environment);
  if (!token) return end_as_v1(token.error(), a, o, d);
  if (*token) o.token = std::move(**token);
  if (!o.token && claim::environment_or_empty("NETDATA_CLAIM_TOKEN").empty())
    o.token = text_of(d.cloud / "token").value_or("unknown");
  if (!o.rooms && claim::environment_or_empty("NETDATA_CLAIM_ROOMS").empty()) o.rooms = text_of(d.cloud / "rooms");
  const auto now = claim::load_identity(d.cloud, claim::read_machine_guid(d.lib).value_or(""));
  if (a.id) {
    o.claim_id = parse_uuid(*a.id);
    if (!o.claim_id) return end_as_v1({ExitCode::invalid_node_id, "-id= takes a UUID."}, a, o, d);
    o.reclaim = *o.claim_id != now.claim_id;
  }
  print_settings(o, a);
  if (now.standing == claim::Standing::claimed && !o.reclaim)
    return end_as_v1({ExitCode::already_claimed,
                      fmt::format("This node is claimed as {} at {}. Nothing was changed. To claim it anew, run "
                                  "netdata-aclk claim --reclaim, or remove {} first.",
                                  now.claim_id, masked_url(now.conf.url), d.cloud.string())},
                     a, o, d);
  unsigned attempts = 0;
  const auto report = claim(o, [&](std::string_view line) {
    if (line.starts_with("attempt ")) {
      const auto pause = line.rfind("next one in ");
      fmt::print(stderr, "Connection attempt {} failed. Retry in {}.\n", ++attempts,
                 pause == std::string_view::npos ? "a moment" : line.substr(pause + 12));
      if (!a.verbose) return;
    }
    fmt::print(stderr, "{}\n", terminal_text(line));
  });
  if (report.exit == ExitCode::claimed) {
    fmt::print(stderr, "Connection attempt {} successful\n", attempts + 1);
    std::error_code ignored;
    fs::remove(d.cloud / "token", ignored);
  }
  return end_as_v1(report, a, o, d);
}

// ----------------------------------------------------------------------------------------------------- as 2.x

// Who may read claim.conf besides its owner: the token is in there. (gid_t)-1: as it comes.
Result<gid_t> reader_of_claim_conf(const Directories &d) {
  if (const auto wanted = claim::environment_or_empty("NETDATA_CLAIM_CONFIG_GROUP"); !wanted.empty()) {
    const auto *const group = ::getgrnam(wanted.c_str());
    if (group == nullptr) return fail(Errc::not_found, fmt::format("there is no group {}", wanted));
    return group->gr_gid;
  }
  const auto user = claim::agent_user(places_of(d));
  return user && *user && (*user)->gid != ::getegid() ? (*user)->gid : kNoGroup;
}

// CONFIG is root's as a rule; where it is somebody else's, this is written with his rights.
int write_claim_conf(const ScriptArguments &a, const Directories &d) {
  const auto file = d.config / "claim.conf";
  const auto written = reader_of_claim_conf(d).and_then([&](gid_t group) {
    return claim::step_down_for(file).and_then(
        [&] { return write_file_atomically(file, claim::format_claim_conf(a), kClaimConfMode, group); });
  });
  if (written) return 0;
  fmt::print(stderr, "ERROR: {}\n", written.error().what);
  return kNoWriteAccess;
}

// In a process of its own, because it becomes another user for good.
int aside(const std::function<int()> &work) {
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto status = work();
    std::fflush(nullptr);
    ::_exit(status);
  }
  int status = 0;
  while (pid > 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ExitCode::local_files);
}

int claim_as_agent(const claim::ClaimOptions &o, const Directories &d) {
  if (const auto r = claim::become_agent_user(places_of(d)); !r) return finish(ExitCode::wrong_user, r.error().what);
  const auto report = claim(o, [](std::string_view line) { fmt::print(stderr, "{}\n", terminal_text(line)); });
  return finish(report.exit, report.message);
}

int run_as_v2(ScriptArguments a, Directories d) {
  if (const auto dir = claim::environment_or_empty("NETDATA_CLAIM_CONFIG_DIR"); !dir.empty()) {
    d.config = dir;
    d.config_named = true;
  }
  for (const auto &line : a.warnings) fmt::print(stderr, "{}\n", terminal_text(line));
  fmt::print(stderr, "WARNING: this script is deprecated; write {} or run netdata-aclk claim instead\n",
             (d.config / "claim.conf").string());
  const auto take = [](std::optional<std::string> &to, const char *name) {
    if (auto text = claim::environment_or_empty(name); !to && !text.empty()) to = std::move(text);
  };
  take(a.token, "NETDATA_CLAIM_TOKEN");
  take(a.rooms, "NETDATA_CLAIM_ROOMS");
  take(a.url, "NETDATA_CLAIM_URL");
  take(a.proxy, "NETDATA_CLAIM_PROXY");
  if (!a.token) {
    const auto file = token_file_named_by_environment();
    const auto token = !file   ? Result<std::string>(tl::unexpected<Error>(file.error()))
                       : *file ? token_beyond_the_agents_reach(places_of(d), **file)
                               : Result<std::string>("");
    if (!token) {
      fmt::print(stderr, "ERROR: {}\n", terminal_text(token.error().what));
      return 1;
    }
    a.token = *token;
  }
  if (trimmed(*a.token).empty()) {
    fmt::print(stderr, "ERROR: Claim token must be specified\n");
    return 1;
  }
  if (::access(d.config.c_str(), W_OK | X_OK) != 0) {
    fmt::print(stderr, "ERROR: Script must be run by a user with write access to {}.\n", d.config.string());
    return kNoWriteAccess;
  }
  // First the claim, then the file: the agent's plugin, which would see the file at once, has nothing left to do.
  const int status = aside([&] { return claim_as_agent(options_of(a, d), d); });
  if (const int failed = aside([&] { return write_claim_conf(a, d); }); failed != 0) return failed;
  return status;
}

}  // namespace

int run_claim_script(const std::vector<std::string> &arguments) {
  auto a = claim::parse_script_arguments(arguments);
  const auto d = directories({});
  return a.v2 ? run_as_v2(std::move(a), d) : run_as_v1(a, d);
}

}  // namespace aclk::cli
