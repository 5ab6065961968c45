// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where this plugin's agent may be listening (plugin-api/external/README.md, "Finding the web server"). Only a list of
// guesses: which one is right is known when its `uid` is $NETDATA_REGISTRY_UNIQUE_ID (class AgentClient).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"
#include "plugin-api/external/agent/endpoint.h"
#include "plugin-api/external/config/netdata_conf.h"

namespace aclk::external {

struct Candidate {
  Endpoint endpoint;
  std::string source;  // "[plugin:aclk] agent url", for messages
  bool guess = false;  // netdata.conf names other places: what happens here explains nothing
  // [web] of netdata.conf; empty = not set there
  std::string allow_connections{};
  std::string allow_dashboard{};
};

// The value of a setting in effect, from the running agent.
using ReadConfig = std::function<Result<std::string>(std::string_view section, std::string_view key)>;

// An `agent url` is the only candidate. Otherwise what the agent itself says, what netdata.conf says, and
// 127.0.0.1 with the default port. Errors: invalid_argument for an unusable `agent url`; unsupported when the agent
// runs no web server ([web] mode = none).
[[nodiscard]] Result<std::vector<Candidate>> find_candidates(const Settings &settings, const ReadConfig &ask_agent);

// ReadConfig over the command sockets of cli_sockets(), 1 s each. A socket of another user is not asked; `complain`,
// which may be null, is told so once for each.
[[nodiscard]] ReadConfig ask_command_sockets(const Environment &env, const Getenv &getenv,
                                             std::function<void(const std::string &)> complain);

}  // namespace aclk::external
