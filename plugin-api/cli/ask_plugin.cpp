// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/ask_plugin.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "claim/agent_processes.h"
#include "claim/agent_user.h"
#include "claim/base/files.h"
#include "claim/base/text.h"
#include "claim/claim_sources.h"
#include "claim/ini.h"
#include "claim/proxy.h"
#include "claim/settings.h"
#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/config/netdata_conf.h"
#include "plugin-api/external/config/plugin_start.h"
#include "plugin-api/external/control/local_socket.h"

namespace aclk::cli {
namespace fs = std::filesystem;
namespace {

std::optional<std::string> netdata_conf(const Directories &d, const char *section, const char *key) {
  const auto text = read_file(d.config / "netdata.conf", 4U << 20);
  return text ? claim::ini_value(*text, section, key) : std::nullopt;
}

std::vector<fs::path> places(const Where &where, const Directories &d) {
  if (!where.socket.empty()) return {fs::absolute(where.socket)};
  return external::socket_places(netdata_conf(d, "plugin:aclk", "socket").value_or(""),
                                 claim::environment_or_empty("NETDATA_RUN_DIR"), d.lib);
}

// What stands between the plugin and its answer. It listens as long as it runs, whatever the identity is.
std::string silence(const Surroundings &s) {
  if (s.plugin_runs) {
    if (s.no_socket) return "aclk.plugin runs without a socket: netdata.conf has socket = no in [plugin:aclk]";
    return fmt::format(
        "aclk.plugin runs, but does not listen at its socket: it may just be starting; else look for \"local socket\" "
        "in the agent's {}",
        external::kPluginLog);
  }
  if (s.plugin_file.empty())
    return "aclk.plugin is not installed where agents look for plugins: put it into /usr/lib/netdata/plugins.d or "
           "/etc/netdata/custom-plugins.d";
  if (!s.not_started.empty()) return s.not_started;
  if (!s.agent_runs) return "the agent is not running: start it (with systemd: systemctl start netdata)";
  if (!s.given_up.empty()) return s.given_up;
  return fmt::format(
      "the agent runs, but aclk.plugin does not: an agent finds a new plugin within a minute; if it stays so, restart "
      "the "
      "agent, and look for \"aclk.plugin\" in its {}",
      external::kPluginLog);
}

// What would keep the link from beginning all the same.
std::string besides(const Surroundings &s) {
  using claim::Standing;
  switch (s.standing) {
    case Standing::disabled:
      return "the link is disabled: " + s.identity_why;
    case Standing::not_claimed:
      if (!s.claim_source.empty())
        return "the node is not claimed yet; " + s.claim_source + " asks for it, which aclk.plugin does when it runs";
      return fmt::format("the node is not claimed{}. Claim it with netdata-aclk claim",
                         s.identity_why == claim::kNotClaimedYet ? "" : ": " + s.identity_why);
    case Standing::broken:
    case Standing::copied:
      return "the identity cannot be used: " + s.identity_why;
    case Standing::claimed:
      break;
  }
  return s.no_web_server ? std::string(external::kNoWebServer) : std::string();
}

}  // namespace

void add_where_options(CLI::App &command, Where &where) {
  command
      .add_option("--socket", where.socket,
                  "The plugin's local socket (default: as aclk.plugin chooses it, see aclk.plugin(1))")
      ->type_name("PATH");
  add_cloud_dir_option(command, where.cloud_dir);
}

Result<HttpResponse> ask_plugin(const Where &where, HttpMethod method, std::string_view target) {
  const auto d = directories(where.cloud_dir);
  Error error{Errc::not_found, "there is no socket: netdata.conf has socket = no in [plugin:aclk]"};
  // What listens there is whoever owns the directory: root asks with his rights. The first look is at netdata.conf.
  ACLK_CHECK(claim::step_down_for(d.config / "netdata.conf"));
  for (const auto &place : places(where, d)) {
    ACLK_CHECK(claim::step_down_for(place));
    auto answer = external::call_local(place, method, target);
    const bool next = !answer && (answer.error().code == Errc::not_found || answer.error().code == Errc::denied);
    if (!next) return answer;
    if (error.code != Errc::denied) error = answer.error();
  }
  return tl::unexpected<Error>(error);
}

Offline look_at_files(const Where &where) {
  const auto d = directories(where.cloud_dir);
  Offline o;
  const auto user = claim::agent_user(places_of(d));
  // What the agent's user cannot read is of no use to the link. Somebody else sees what they may see.
  if (::geteuid() == 0)
    if (const auto r = claim::become_agent_user(places_of(d)); !r) {
      o.why = r.error().what;
      return o;
    }
  o.identity = claim::limited(claim::load_identity(d.cloud), claim::netdata_conf_limit(d.config / "netdata.conf"));
  Surroundings s;
  s.standing = o.identity.standing;
  s.identity_why = o.identity.why;
  if (const auto written_claims = claim::written_claims(
          claim::read_claim_files(d.config, d.cloud, claim::process_environment()), claim::process_environment());
      !written_claims.empty())
    s.claim_source = written_claims.front().source;
  const auto conf = external::NetdataConfFile(d.config / "netdata.conf").snapshot();
  s.plugin_file = external::installed_plugin(conf, claim::process_environment());
  const auto uid = user && *user ? (*user)->uid : ::geteuid();
  const auto processes = claim::read_processes({d.lib, d.cache});
  s.plugin_runs = claim::plugin_of(processes, "aclk.plugin", uid).has_value();
  o.plugin_runs = s.plugin_runs;
  s.agent_runs = claim::agent_of(processes, uid).has_value();
  s.not_started = external::why_not_started(conf, s.plugin_file);
  s.given_up = external::why_given_up(conf, claim::process_environment());
  s.no_web_server = external::has_no_web_server(conf);
  const auto socket = netdata_conf(d, "plugin:aclk", "socket").value_or("");
  s.no_socket = socket == "no" || socket == "none";
  o.why = diagnose_no_answer(s);
  return o;
}

int no_answer(const Where &where, const Error &error) {
  if (error.code == Errc::not_found) {
    fmt::print(stderr, "netdata-aclk: {}.\n", terminal_text(look_at_files(where).why));
    return static_cast<int>(Seen::not_running);
  }
  const auto what = terminal_text(error.what);
  if (error.code == Errc::denied)
    fmt::print(stderr, "netdata-aclk: {}: only root and the agent's group may ask the plugin; try sudo.\n", what);
  else
    fmt::print(stderr, "netdata-aclk: {}.\n", what);
  return static_cast<int>(Seen::no_answer);
}

std::string diagnose_no_answer(const Surroundings &s) {
  const auto more = besides(s);
  return more.empty() ? silence(s) : silence(s) + ". Besides, " + more;
}

}  // namespace aclk::cli
