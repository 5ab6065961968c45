// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/diagnose_no_answer.h"

#include <fmt/format.h>

#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/config/plugin_start.h"

namespace aclk::cli {

namespace {

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
      if (!s.wish_source.empty())
        return "the node is not claimed yet; " + s.wish_source + " asks for it, which aclk.plugin does when it runs";
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

std::string diagnose_no_answer(const Surroundings &s) {
  const auto more = besides(s);
  return more.empty() ? silence(s) : silence(s) + ". Besides, " + more;
}

}  // namespace aclk::cli
