// SPDX-License-Identifier: GPL-3.0-or-later
//
// What netdata.conf says to this plugin ([plugin:aclk]) and about the agent beside it ([web]).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugin-api/external/config/environment.h"
#include "plugin-api/external/config/netdata_conf.h"
#include "plugin-api/external/config/options.h"

namespace aclk::external {

// How often the agent is asked whether something changed. A poll costs it 0.03 to 0.2 ms
// (plugin-api/external/README.md, "What a poll costs").
struct PollIntervals {
  std::chrono::milliseconds alerts{1000};     // [plugin:aclk] poll alerts every = 1 (seconds, 1 to 300)
  std::chrono::milliseconds nodes{5000};      // [plugin:aclk] poll nodes every = 5
  std::chrono::milliseconds contexts{10000};  // [plugin:aclk] poll contexts every = 10
};

struct Settings {
  std::string agent_url;          // command line, else [plugin:aclk] agent url; empty = look for it
  std::string bind_to;            // [web] bind to, else [global] bind socket to IP, else bind to there; empty = not set
  std::uint16_t default_port{};   // [web] default port, else [global] port, else default port there, else 19999
  std::string allow_connections;  // [web] allow connections from; empty = not set
  std::string allow_dashboard;    // [web] allow dashboard from
  bool web_disabled = false;      // [web] mode = none
  unsigned web_threads = 0;       // [web] web server threads; 0 = not set
  PollIntervals polls;
  bool statistics = true;  // [cloud] statistics
  std::string socket;      // [plugin:aclk] socket; see local_socket.h
};

inline constexpr std::uint16_t kNetdataPort = 19999;
// A port number as the agent reads it: also 0x4e1f; what follows the number does not count.
[[nodiscard]] std::optional<std::uint16_t> port_of(const std::string &text);

[[nodiscard]] Settings read_settings(const NetdataConf &conf, const Options &options);

// What a worker takes from netdata.conf when it starts, but for where the agent listens: text that changes when one of
// these settings does. `statistics` and `socket` are the supervisor's, which reads them once.
[[nodiscard]] std::string link_settings(const NetdataConf &conf);

// How many of the cloud's queries the agent may work on at once (plugin-api/external/README.md, "Queries at the same
// time"). It has min(6, cores) web threads if no setting says otherwise, and computes in them. `safe`: all but one of
// them, and at least one, so that nobody else waits behind slow queries; `most`: of those that it answers quickly, four
// a thread.
struct QueryThreads {
  unsigned safe = 1;
  unsigned most = 1;
};
[[nodiscard]] QueryThreads query_limit(const Settings &settings, unsigned cores);

}  // namespace aclk::external
