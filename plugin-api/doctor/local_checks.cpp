// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/doctor/checks.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <libwebsockets.h>
#include <mosquitto.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <system_error>

#include "aclk/sync/store/store.h"
#include "claim/agent_processes.h"
#include "claim/agent_user.h"
#include "claim/base/c_own.h"
#include "claim/base/url.h"
#include "claim/claim_sources.h"
#include "claim/cloud_dir.h"
#include "plugin-api/external/agent/agent_client.h"
#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/config/netdata_conf.h"
#include "plugin-api/external/config/plugin_start.h"
#include "plugin-api/external/control/plugin_status.h"

namespace aclk::doctor {
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLittleSpace = 16ULL << 20;  // bytes; the durable state of 1000 nodes

// Anybody but the owner may read a secret?
Findings check_modes(const fs::path &dir) {
  Findings out;
  for (const auto *name : {"private.pem", "cloud.conf"}) {
    const auto file = dir / name;
    struct stat st {};
    if (::lstat(file.c_str(), &st) != 0) continue;
    const auto mode = st.st_mode & 07777U;
    const mode_t allowed = std::string_view(name) == "private.pem" ? claim::kPrivateKeyMode : claim::kCloudFileMode;
    if (!S_ISREG(st.st_mode))
      out.push_back(bad("files", fmt::format("{} is no regular file", file.string()), "put the real file there"));
    else if ((mode & ~allowed) != 0)
      out.push_back(
          warning("files", fmt::format("{} has mode {:04o}: others can read a secret", file.string(), mode),
                  fmt::format("chmod {:04o} {}; the plugin does it at its next start", allowed, file.string())));
  }
  return out;
}

// Why nobody has claimed this node, and what to do: what is written down comes before what could be typed.
Finding not_claimed(const DoctorContext &context, const RunningLink &running) {
  if (auto by_plugin = claim_as_the_plugin_says(running)) return std::move(*by_plugin);
  const auto &why = context.settings().identity.why;
  const auto text = why.empty() ? std::string("this node is not claimed") : why;
  if (!running.there) {
    const auto files =
        claim::read_claim_files(context.env().user_config, context.env().cloud_dir(), claim::process_environment());
    const auto written_claims = claim::written_claims(files, claim::process_environment());
    if (!written_claims.empty())
      return bad("identity",
                 fmt::format("{}; {} asks for a claim, which aclk.plugin makes when it runs", text,
                             written_claims.front().source),
                 "start the agent, or make the claim now: netdata-aclk claim");
    if (const auto lines = claim::useless(files, claim::process_environment()); !lines.empty())
      return bad_from("identity", fmt::format("{}; {}", text, lines.front()));
  }
  if (!why.empty() && !external::needs_only_a_claim(context.settings().identity)) return bad_from("identity", why);
  return bad("identity", text, "netdata-aclk claim --token TOKEN (the cloud shows the token where nodes are added)");
}

// Exists, as far as we may see, and cannot be opened for reading: the errno, else 0.
int read_error(const fs::path &file) {
  struct stat st {};
  if (::lstat(file.c_str(), &st) != 0) return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return fd || errno == ENOENT ? 0 : errno;
}

// "it belongs to root:root, mode 0600", as far as it can be seen.
std::string owner_text(const fs::path &file) {
  struct stat st {};
  if (::stat(file.c_str(), &st) != 0) return {};
  return fmt::format(" (it belongs to user {}, group {}, mode {:04o})", claim::user_name(st.st_uid), st.st_gid,
                     st.st_mode & 07777U);
}

// The cloud that a claim asks for which is written down and not made yet: "; SOURCE asks for the cloud URL", else
// empty.
std::string asked_cloud(const DoctorContext &context) {
  if (context.settings().identity.standing != claim::Standing::not_claimed) return {};
  const auto files =
      claim::read_claim_files(context.env().user_config, context.env().cloud_dir(), claim::process_environment());
  const auto written = claim::written_claims(files, claim::process_environment());
  if (written.empty() || !written.front().url) return {};
  return fmt::format("; {} asks for the cloud {}", written.front().source, masked_url(*written.front().url));
}

// Whom the link trusts besides the system's CAs.
std::string trust_text(const module::Settings &s) {
  return s.reach.trust_file.empty() ? std::string()
                                    : fmt::format(", trusted beside the system's CAs: {}", s.reach.trust_file);
}

}  // namespace

Finding check_versions() {
  int major = 0;
  int minor = 0;
  int revision = 0;
  mosquitto_lib_version(&major, &minor, &revision);
  return good(
      "versions",
      fmt::format("netdata-aclk {}; OpenSSL {}; libcurl {}; libwebsockets {}; libmosquitto {}.{}.{}; libuv {}",
                  ACLK_VERSION, OpenSSL_version(OPENSSL_VERSION_STRING), curl_version_info(CURLVERSION_NOW)->version,
                  lws_get_library_version(), major, minor, revision, uv_version_string()));
}

Findings check_settings(const DoctorContext &context) {
  const auto &s = context.settings();
  Findings out;
  for (const auto &line : context.complaints()) out.push_back(warning("settings", line, {}));
  const auto url = parse_url(s.cloud_url);
  if (!url) {
    out.push_back(bad("settings", fmt::format("the cloud's URL cannot be used: {}", url.error().what),
                      "correct `url` in cloud.conf or [cloud] url in netdata.conf"));
    return out;
  }
  for (const auto &trouble : s.troubles) out.push_back(bad_from("settings", trouble));
  if (s.troubles.empty())
    out.push_back(good("settings", fmt::format("cloud {}, proxy {}{}{}", masked_url(s.cloud_url), s.proxy_shown,
                                               trust_text(s), asked_cloud(context))));
  if (s.reach.insecure)
    out.push_back(warning("settings", "insecure = yes: nobody checks that it is the cloud who answers",
                          "remove `insecure` from cloud.conf; a CA of your own belongs into cloud.d/trusted.pem"));
  return out;
}

Findings check_identity(const DoctorContext &context, const RunningLink &running) {
  using claim::Standing;
  const auto &i = context.settings().identity;
  const auto dir = context.env().cloud_dir();
  Findings out;
  switch (i.standing) {
    case Standing::claimed:
      out.push_back(
          good("identity", fmt::format("claim id {}, machine guid {}", i.claim_id,
                                       context.env().machine_guid.empty() ? "not known" : context.env().machine_guid)));
      break;
    case Standing::disabled:
      out.push_back(bad("identity", i.why,
                        i.conf.enabled
                            ? "change that if the link is wanted"
                            : fmt::format("set enabled = yes in section [global] of {} if the link is wanted",
                                          (dir / "cloud.conf").string())));
      break;
    case Standing::not_claimed:
      out.push_back(not_claimed(context, running));
      break;
    case Standing::broken:
    case Standing::copied:
      out.push_back(bad_from("identity", i.why));
      break;
  }
  if (!context.settings().scope_line.empty())
    out.push_back(warning("scope", context.settings().scope_line,
                          "set [cloud] scope = full in netdata.conf, or remove it, if the cloud may have more"));
  for (auto &f : check_modes(dir)) out.push_back(std::move(f));
  return out;
}

Findings check_readable(const DoctorContext &context) {
  const auto cloud = context.env().cloud_dir();
  const auto conf = context.env().user_config;
  Findings out;
  bool cloud_shut = false;
  bool conf_shut = false;
  for (const auto &file : {cloud, cloud / "cloud.conf", cloud / "claimed_id", cloud / "private.pem",
                           cloud / "public.pem", cloud / "trusted.pem", cloud / "cloud_fullchain.pem", cloud / "token",
                           cloud / "rooms", conf, conf / "claim.conf", conf / "netdata.conf"}) {
    const bool told = (cloud_shut && file.parent_path() == cloud) || (conf_shut && file.parent_path() == conf);
    const int error = told ? 0 : read_error(file);
    if (error == 0) continue;
    cloud_shut = cloud_shut || file == cloud;
    conf_shut = conf_shut || file == conf;
    const auto me = claim::user_name(::geteuid());
    out.push_back(bad("files",
                      fmt::format("{} cannot be read by the agent's user {}: {}{}", file.string(), me,
                                  std::generic_category().message(error), owner_text(file)),
                      fmt::format("give it to that user: chown {} {}", me, file.string())));
  }
  return out;
}

Finding check_disk(const DoctorContext &context, const RunningLink &running) {
  if (!running.not_kept.empty()) return bad_from("disk", running.not_kept);
  const auto dir = context.env().cloud_dir();
  if (const auto newer = sync::newer_database(dir / "aclk.db"); !newer.empty()) return bad_from("disk", newer);
  struct statvfs fs {};
  if (::statvfs(dir.c_str(), &fs) != 0)
    return skipped("disk", fmt::format("{}: {}", dir.string(), std::generic_category().message(errno)));
  if (::access(dir.c_str(), W_OK) != 0)
    return bad(
        "disk", fmt::format("{} cannot be written: {}", dir.string(), std::generic_category().message(errno)),
        "alerts are only safe over a restart when it can: look at its owner, and whether it is mounted read-only");
  const auto room = static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize;
  if (room < kLittleSpace)
    return warning("disk", fmt::format("{} has {} MiB left", dir.string(), room >> 20),
                   "make room on that file system");
  return good("disk", fmt::format("{} can be written, {} MiB left", dir.string(), room >> 20));
}

Finding check_agent(const DoctorContext &context, const RunningLink &running) {
  if (auto by_plugin = agent_as_the_plugin_says(running)) return std::move(*by_plugin);
  if (context.env().machine_guid.empty())
    return bad("agent", "the agent has no machine guid yet: it has never run with this library directory",
               "start the agent; or set NETDATA_LIB_DIR if its files are elsewhere");
  const auto settings = external::read_settings(context.conf(), {});
  std::string foreign;
  const auto ask = external::ask_command_sockets(context.env(), claim::process_environment(),
                                                 [&foreign](const std::string &line) { foreign = line; });
  external::AgentClient agent(context.env().machine_guid, {}, [&] { return external::find_candidates(settings, ask); });
  const auto facts = agent.locate(nullptr);
  if (!facts) {
    auto f = bad_from("agent", facts.error().what);
    if (!foreign.empty()) f.text += ". Besides, " + foreign;
    return f;
  }
  if (facts->own_link)
    return warning(
        "agent",
        fmt::format("netdata {} at {} has a link of its own, and an identity for it", facts->version, agent.place()),
        "nothing to do: aclk.plugin leaves such an agent alone");
  if (facts->built_in_link)
    return warning("agent",
                   fmt::format("netdata {} at {} has a link to the cloud built in", facts->version, agent.place()),
                   "claim the agent itself: aclk.plugin is for agents without a link, and leaves it alone");
  if (!foreign.empty())
    return warning("agent", fmt::format("netdata {} at {}; but {}", facts->version, agent.place(), foreign),
                   "find out who made that socket");
  return good("agent", fmt::format("netdata {} at {}", facts->version, agent.place()));
}

Finding check_plugin(const DoctorContext &context, const RunningLink &running) {
  if (!running.there && running.trouble.empty()) {
    const auto file = external::installed_plugin(context.conf(), claim::process_environment());
    if (const auto why = external::why_not_started(context.conf(), file); !why.empty()) return bad_from("plugin", why);
    const auto processes = claim::read_processes({context.env().lib, {}});
    if (const auto pid = claim::plugin_of(processes, "aclk.plugin", ::geteuid()))
      return warning(
          "plugin",
          fmt::format("aclk.plugin runs (process {}), but nobody answers at its local socket: whether it is "
                      "online is not known here",
                      *pid),
          fmt::format("look for \"local socket\" in the agent's {}; `socket` in [plugin:aclk] of netdata.conf "
                      "may name a place that can be written",
                      external::kPluginLog));
    if (const auto why = external::why_given_up(context.conf(), claim::process_environment()); !why.empty())
      return bad_from("plugin", why);
  }
  return check_running(running);
}

}  // namespace aclk::doctor
