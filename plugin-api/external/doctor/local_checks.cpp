// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/doctor/local_checks.h"

#include <curl/curl.h>
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

#include "claim/base/c_own.h"
#include "claim/base/url.h"
#include "plugin-api/external/agent.h"
#include "plugin-api/external/json_fields.h"
#include "plugin-api/external/lenient_json.h"
#include "plugin-api/external/local_call.h"
#include "plugin-api/external/plugin_start.h"
#include "plugin-api/external/settings.h"
#include "plugin-api/external/socket_path.h"

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
    const unsigned allowed = std::string_view(name) == "private.pem" ? 0600 : 0660;
    if (!S_ISREG(st.st_mode))
      out.push_back(bad("files", fmt::format("{} is no regular file", file.string()), "put the real file there"));
    else if ((mode & ~allowed) != 0)
      out.push_back(
          warning("files", fmt::format("{} has mode {:04o}: others can read a secret", file.string(), mode),
                  fmt::format("chmod {:04o} {}; the plugin does it at its next start", allowed, file.string())));
  }
  return out;
}

// Whom the link trusts besides the system's CAs.
std::string trust_text(const link::Settings &s) {
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

Findings check_settings(const Patient &patient) {
  const auto &s = patient.settings();
  Findings out;
  for (const auto &line : patient.complaints()) out.push_back(warning("settings", line, {}));
  const auto url = parse_url(s.cloud_url);
  if (!url) {
    out.push_back(bad("settings", fmt::format("the cloud's URL cannot be used: {}", url.error().what),
                      "correct `url` in cloud.conf or [cloud] url in netdata.conf"));
    return out;
  }
  for (const auto &trouble : s.troubles) out.push_back(bad_from("settings", trouble));
  if (s.troubles.empty())
    out.push_back(
        good("settings", fmt::format("cloud {}, proxy {}{}", masked_url(s.cloud_url), s.proxy_shown, trust_text(s))));
  if (s.reach.insecure)
    out.push_back(warning("settings", "insecure = yes: nobody checks that it is the cloud who answers",
                          "remove `insecure` from cloud.conf; a CA of your own belongs into cloud.d/trusted.pem"));
  return out;
}

Findings check_identity(const Patient &patient) {
  using claim::Standing;
  const auto &i = patient.settings().identity;
  const auto dir = patient.env().cloud_dir();
  Findings out;
  switch (i.standing) {
    case Standing::claimed:
      out.push_back(
          good("identity", fmt::format("claim id {}, machine guid {}", i.claim_id,
                                       patient.env().machine_guid.empty() ? "not known" : patient.env().machine_guid)));
      break;
    case Standing::disabled:
      out.push_back(bad("identity", "the link is switched off: enabled = no in cloud.conf",
                        fmt::format("set enabled = yes in {}", (dir / "cloud.conf").string())));
      break;
    case Standing::not_claimed:
      out.push_back(bad("identity", i.why.empty() ? "this node is not claimed" : i.why,
                        "netdata-aclk claim --token TOKEN (the cloud shows the token where nodes are added)"));
      break;
    case Standing::broken:
    case Standing::copied:
      out.push_back(bad_from("identity", i.why));
      break;
  }
  for (auto &f : check_modes(dir)) out.push_back(std::move(f));
  return out;
}

Finding check_disk(const Patient &patient) {
  const auto dir = patient.env().cloud_dir();
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

Finding check_agent(const Patient &patient) {
  if (patient.env().machine_guid.empty())
    return bad("agent", "the agent has no machine guid yet: it has never run with this library directory",
               "start the agent; or set NETDATA_LIB_DIR if its files are elsewhere");
  const auto settings = external::read_settings(patient.conf(), {});
  const auto ask = external::ask_command_sockets(patient.env(), claim::process_environment());
  external::Agent agent(patient.env().machine_guid, 1, [&] { return external::find_candidates(settings, ask); });
  const auto facts = agent.locate(nullptr);
  if (!facts) return bad_from("agent", facts.error().what);
  if (facts->own_link)
    return warning(
        "agent",
        fmt::format("netdata {} at {} has a link of its own, and an identity for it", facts->version, agent.place()),
        "nothing to do: aclk.plugin leaves such an agent alone");
  return good("agent", fmt::format("netdata {} at {}", facts->version, agent.place()));
}

RunningLink ask_running_link(const Patient &patient) {
  RunningLink link;
  const auto setting = patient.conf().get("plugin:aclk", "socket").value_or("");
  for (const auto &place : external::socket_places(setting, patient.env().run, patient.env().lib)) {
    const auto answer = external::call_local(place, "GET", "/api/v1/aclk");
    if (!answer || answer->status != 200) continue;
    const auto state = external::parse_agent_json(answer->body, "state");
    if (!state) continue;
    link.there = true;
    link.online = external::bool_of(*state, "online");
    link.state = external::text_of(*state, "state");
    if (const auto a = state->find("attempts"); a != state->end() && a->is_array() && !a->empty())
      link.reason = external::text_of(a->back(), "reason");
    break;
  }
  return link;
}

Finding check_running(const Patient &patient, const RunningLink &link) {
  if (!link.there) {
    const auto file = external::installed_plugin(patient.conf(), claim::process_environment());
    if (const auto why = external::why_not_started(patient.conf(), file); !why.empty()) return bad_from("plugin", why);
    return warning("plugin", "aclk.plugin is not running, or its local socket cannot be used",
                   "start the agent; see its error.log for lines with ACLK");
  }
  if (link.online) return good("plugin", fmt::format("aclk.plugin is running and online: {}", link.reason));
  return warning("plugin",
                 fmt::format("aclk.plugin is running, and not online ({}){}{}", link.state,
                             link.reason.empty() ? "" : ": ", link.reason),
                 "see below for the reason; `netdata-aclk state` shows its attempts");
}

}  // namespace aclk::doctor
