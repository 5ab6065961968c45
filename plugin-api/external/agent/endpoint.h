// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where the agent's web server can be reached from this machine, and where this plugin's agent may be listening
// (plugin-api/external/README.md, "Finding the web server"; plugin-api/external/API.md, "Unix socket").
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"
#include "plugin-api/external/config/netdata_conf.h"

namespace aclk::external {

struct Endpoint {
  std::string unix_path;  // if not empty, the rest has no meaning
  std::string host;       // name or IP literal without brackets; with %interface if it is link-local
  std::uint16_t port = 0;
  bool tls = false;

  bool operator==(const Endpoint &) const = default;
  [[nodiscard]] std::string base_url() const;  // http://127.0.0.1:19999; http://localhost for a unix socket
  [[nodiscard]] std::string describe() const;  // the same for people: unix:/path
};

// The items of [web] bind to, between white space and commas: IP, IP:PORT, [IPv6]:PORT, names, ports by the name of a
// service, each with optional =features and ^SSL=how; `*` and the other wildcards become loopback. Items that cannot
// serve the API (features without dashboard, udp:) and items that make no sense are left out. Of unix:/path=features
// the agent takes all that follows unix: for the path; the path alone comes behind it, should one cut it. Unix sockets
// come first: no port, no https redirect.
[[nodiscard]] std::vector<Endpoint> parse_bind_list(std::string_view list, std::uint16_t default_port);

// [plugin:aclk] agent url: http://HOST:PORT, https://HOST:PORT, unix:/path (also http+unix:/path).
[[nodiscard]] Result<Endpoint> parse_agent_url(std::string_view text);

// Only a list of guesses: which one is right is known when its `uid` is $NETDATA_REGISTRY_UNIQUE_ID (class
// AgentClient).
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
// which may be null, gets a sentence once for each.
[[nodiscard]] ReadConfig ask_command_sockets(const Environment &env, const Getenv &getenv,
                                             std::function<void(const std::string &)> complain);

}  // namespace aclk::external
