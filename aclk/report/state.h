// SPDX-License-Identifier: GPL-3.0-or-later
//
// The link's state as users and programs read it: `aclk-state`, `aclk-state json`, GET /api/v1/aclk, and the object
// agents[0].cloud of GET /api/v3/info (aclk/report/README.md, "State as text", "State as JSON", "Info object"). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aclk/host/failing_reads.h"
#include "aclk/session/connection_manager.h"
#include "aclk/sync/alerts/alert_sync.h"
#include "aclk/sync/nodes/node_sync.h"

namespace aclk::report {

struct NodeState {
  sync::NodeSync::View node;
  sync::AlertSync::View alerts;
};

// One type of message, without the last one itself.
struct TrafficLine {
  std::string type;
  bool sent = false;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
};

struct LinkState {
  bool claimed = false;
  std::string claim_id;
  std::string cloud_url;
  std::string proxy;    // display form, no credentials
  std::string why;      // not claimed, disabled or broken: the reason; else what session.why says
  std::string limited;  // what the cloud gets less than everything by, a sentence with the setting; empty: it gets all
  session::Report session;
  std::int64_t began_s = 0;                  // the module's start, epoch
  std::string durable;                       // why state is not written to disk; empty = it is
  std::vector<host::Unreadable> unreadable;  // what the agent does not give, although it is asked again and again
  std::vector<NodeState> nodes;
  std::vector<TrafficLine> traffic;
  std::size_t queries_waiting = 0;
  std::size_t queries_running = 0;
};

// Lines as the reference prints them, each ended by a line feed; times in local time.
[[nodiscard]] std::string state_text(const LinkState &state);
// One compact object, keys in the reference's order, '/' escaped as "\/".
[[nodiscard]] std::string state_json(const LinkState &state);

struct AboutAgent {
  std::string machine_guid;
  std::string hostname;
  std::string version;
};

// {"api":2,"agents":[{"mg","nd","nm","now","ai":0,"application":{"package":{"version"}},"cloud":{…}}]}: of the
// reference's answer the part that a link can tell. status "indirect" does not occur: the host's parent is not our
// affair.
[[nodiscard]] std::string info_json(const LinkState &state, const AboutAgent &agent, std::int64_t now_s);

}  // namespace aclk::report
