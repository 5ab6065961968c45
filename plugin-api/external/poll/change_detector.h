// SPDX-License-Identifier: GPL-3.0-or-later
//
// What changed in the agent between two looks at it, as events for the module. Pure: what was read goes in, events
// come out. One thread.
#pragma once

#include <netdata-aclk/plugin.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "plugin-api/external/json/values.h"

namespace aclk::external {

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
  // Node list of /api/v1/info. The first look at anything but info reports what it sees, because something may have
  // happened between the module's own reading and that look.
  [[nodiscard]] Events on_nodes(NodeList nodes);
  // text: a hash of the document as it came, 0 = none; knows_info() says that the same has been seen by on_info() last.
  [[nodiscard]] Events on_info(const std::string &node, InfoPrint print, std::uint64_t text = 0);
  [[nodiscard]] bool knows_info(const std::string &node, std::uint64_t text) const;
  [[nodiscard]] Events on_contexts(const std::string &node, std::uint64_t fingerprint);
  // latest_alarm_log_unique_id of a node. Any change counts, a smaller number too: a new database.
  [[nodiscard]] Events on_alert_log(const std::string &node, std::uint64_t latest);

  // The agent was away or has started anew: everything may be different, of every node.
  [[nodiscard]] Events on_return();

  [[nodiscard]] const std::vector<naclk_node> &nodes() const { return nodes_.items; }

 private:
  [[nodiscard]] Events for_each_node(naclk_event_kind kind) const;

  struct Seen {
    std::optional<InfoPrint> info;
    std::uint64_t info_text = 0;
    std::optional<std::uint64_t> contexts;
    std::optional<std::uint64_t> alerts;
  };
  NodeList nodes_;
  std::map<std::string, Seen> seen_;
};

}  // namespace aclk::external
