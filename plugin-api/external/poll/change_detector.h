// SPDX-License-Identifier: GPL-3.0-or-later
//
// What changed in the agent between two looks at it, as events for the module. Pure: what was read goes in, events
// come out. One thread.
#pragma once

#include <netdata-aclk/plugin.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "plugin-api/external/json/values.h"

namespace aclk::external {

// An alert log that has changed is told of again after these times: agents show a transition that they save later.
inline constexpr std::array kTellAgain{std::chrono::seconds{2}, std::chrono::seconds{5}, std::chrono::seconds{12}};

struct Event {
  naclk_event_kind kind{};
  std::string machine_guid;  // empty: look at all

  bool operator==(const Event &) const = default;
};
using Events = std::vector<Event>;

// /api/v2/versions (1.38 and later), one number per subject for all nodes together.
struct Versions {
  std::uint64_t nodes = 0;
  std::uint64_t contexts = 0;
  std::uint64_t alerts = 0;
  std::uint64_t contexts_soft = 0;  // changes with their retention and liveness, on some agents

  bool operator==(const Versions &) const = default;
};
[[nodiscard]] Versions read_versions(const nlohmann::json &document);

// Of /api/v1/info of one node: what the node information message is made of, and the collectors.
struct InfoPrint {
  std::uint64_t info = 0;
  std::uint64_t collectors = 0;
};
[[nodiscard]] InfoPrint print_of_info(const nlohmann::json &info);

class ChangeDetector {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Node list of /api/v1/info. The first look at anything but info tells what it sees, because something may have
  // happened between the module's own reading and that look.
  [[nodiscard]] Events on_nodes(const std::vector<Node> &nodes);
  [[nodiscard]] Events on_info(const std::string &node, InfoPrint print);
  [[nodiscard]] Events on_contexts(const std::string &node, std::uint64_t fingerprint);
  // 1.x: latest_alarm_log_unique_id of a node. Any change counts, a smaller number too: a new database.
  [[nodiscard]] Events on_alert_log(const std::string &node, std::uint64_t latest);

  struct VersionsChange {
    Events events;
    bool look_at_nodes = false;     // the node list has changed: read it now
    bool look_at_contexts = false;  // some contexts have
  };
  // 2.x. The agent counts a transition before it has saved it, and its log is read from what was saved (up to 10 s
  // later, aclk/sync/README.md, "Alerts"): a change of the alerts is told again by the looks 2, 5 and 12 s after it. A
  // newer change takes the place of the older one.
  [[nodiscard]] VersionsChange on_versions(Versions versions, Time now);

  // The agent was away or has started anew: everything may be different, of every node.
  [[nodiscard]] Events on_return();

  [[nodiscard]] const std::vector<Node> &nodes() const { return nodes_; }

 private:
  [[nodiscard]] Events for_each_node(naclk_event_kind kind) const;

  struct Seen {
    std::optional<InfoPrint> info;
    std::optional<std::uint64_t> contexts;
    std::optional<std::uint64_t> alerts;
  };
  std::vector<Node> nodes_;
  std::map<std::string, Seen> seen_;
  std::optional<Versions> versions_;
  Time alerts_changed_at_{};
  std::size_t told_again_ = 0;  // how many times, since then
};

}  // namespace aclk::external
