// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a worker's exit status tells the supervisor.
#pragma once

#include <string_view>

#include "plugin-api/external/config/plugin_start.h"

namespace aclk::external {

enum WorkerExit : int {
  kExitStopped = 0,          // it was asked to stop
  kExitFailed = 1,           // it cannot work now (said why in the log): start it again, later and later
  kExitOwnLink = 10,         // the agent has a link of its own: leave it alone
  kExitBuiltInLink = 15,     // the agent has none now, but brings its own when it is claimed itself: 2.x
  kExitProtected = 11,       // the agent wants bearer tokens
  kExitNoWebServer = 12,     // the agent runs no web server
  kExitBadSetting = 13,      // an own setting is unusable: [plugin:aclk] agent url
  kExitUnknownMachine = 14,  // no machine GUID: not started by an agent, and none in its directory
};

// Why there is no worker, for the log; empty for statuses after which it is started again.
[[nodiscard]] constexpr std::string_view reason_to_rest(int status) {
  switch (status) {
    case kExitOwnLink:
      return "the agent has a link to the cloud of its own; this plugin leaves it alone";
    case kExitBuiltInLink:
      return "this agent has a link to the cloud built in (netdata 2.x always has); this plugin is for agents without "
             "one, and leaves it alone: claim the agent itself";
    case kExitProtected:
      return "the agent gives its data only for bearer tokens, which only its own link gets: set [web] bearer token "
             "protection = no in netdata.conf";
    case kExitNoWebServer:
      return kNoWebServer;
    case kExitBadSetting:
      return "[plugin:aclk] agent url in netdata.conf is not usable: write http://HOST:PORT or unix:/PATH, or remove "
             "it";
    case kExitUnknownMachine:
      return "the machine GUID of the agent is not known: neither NETDATA_REGISTRY_UNIQUE_ID nor "
             "registry/netdata.public.unique.id in its lib directory tells it";
    default:
      return {};
  }
}

}  // namespace aclk::external
