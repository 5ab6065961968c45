// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/cli/why_silent.h"

#include "plugin-api/external/plugin_start.h"

namespace aclk::cli {

std::string why_silent(const Surroundings &s) {
  using claim::Standing;
  if (!s.plugin_runs) {
    if (s.plugin_file.empty())
      return "aclk.plugin is not installed where agents look for plugins: put it into /usr/lib/netdata/plugins.d or "
             "/etc/netdata/custom-plugins.d";
    if (!s.not_started.empty()) return s.not_started;
    if (!s.agent_runs) return "the agent is not running: start it (systemctl start netdata)";
  }
  if (s.standing == Standing::disabled) return "the link is disabled: cloud.conf has enabled = no. " + s.identity_why;
  if (s.standing == Standing::not_claimed)
    return "the node is not claimed: " + s.identity_why + ". Claim it with netdata-aclk claim";
  if (s.standing == Standing::broken) return "the identity cannot be used: " + s.identity_why;
  if (!s.plugin_runs)
    return "the agent runs, but aclk.plugin does not: restart the agent, and look for \"aclk.plugin\" in its error log";
  if (s.no_web_server) return std::string(external::kNoWebServer);
  if (s.no_socket) return "aclk.plugin runs without a socket: netdata.conf has socket = no in [plugin:aclk]";
  return "aclk.plugin runs, but does not listen at its socket: it may just be starting; else look for \"local socket\" "
         "in "
         "the agent's error log";
}

}  // namespace aclk::cli
