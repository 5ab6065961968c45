// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is sent to the cloud about nodes, and when (aclk/sync/README.md, "First connection" to "Node info and
// collectors"). Pure: it takes what happened and when, and gives out messages to publish, things to ask of the host,
// and ids to store.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aclk/host/host.h"
#include "aclk/sync/store/records.h"
#include "proto/message_types.h"
#include "proto/node.h"

namespace aclk::sync {

struct Publish {
  proto::MessageType type;
  std::string payload;
  std::string machine_guid = {};  // of info and collectors: whose, for lost()
};
struct FetchNodes {};
struct FetchInfo {
  std::string machine_guid;
};
struct FetchCollectors {
  std::string machine_guid;
};
struct StoreNode {
  StoredNode node;
};
using Action = std::variant<Publish, FetchNodes, FetchInfo, FetchCollectors, StoreNode>;

class NodeSync {
 public:
  // `agent` is the agent's own capability list. `stored`: ids that the cloud gave under this claim before.
  NodeSync(std::string claim_id, host::Capabilities agent, const std::vector<StoredNode> &stored);

  // A connection begins and ends. Nothing is sent before the cloud has asked for the nodes on it.
  void online(std::int64_t session_us);
  void offline();
  // A message was not acknowledged before its connection ended: the cloud may not have it. Info and collectors are sent
  // once only, so they are due again.
  void lost(proto::MessageType type, std::string_view machine_guid, ClockPair now);

  // From the cloud.
  void send_node_instances();
  // False when the guid is not known here or the id is no UUID: nothing changed.
  bool node_created(std::string_view machine_guid, std::string_view node_id, ClockPair now);

  // From the host: something may have changed. An empty guid means every node. Nodes are listed offline too: their
  // alerts are followed all the time.
  void nodes_changed();
  void info_changed(std::string_view machine_guid, ClockPair now);
  void collectors_changed(std::string_view machine_guid, ClockPair now);
  // Answers to the Fetch actions; `*_failed` makes it ask again later.
  void nodes(const std::vector<host::Node> &listed, ClockPair now);
  void nodes_failed(ClockPair now);
  // False: it is not sent now. A host that has just begun fills in what the machine is a little later: info that lacks
  // some of it is read again each second, for 5 s, and then sent as it is.
  bool info(std::string_view machine_guid, proto::NodeInfo info, ClockPair now);
  void info_failed(std::string_view machine_guid, ClockPair now);
  void collectors(std::string_view machine_guid, std::vector<proto::CollectorInfo> list, ClockPair now);
  void collectors_failed(std::string_view machine_guid, ClockPair now);

  // Does what is due; then next_due() says when to call again, nullopt = nothing is planned.
  void tick(ClockPair now);
  [[nodiscard]] std::optional<loop::Instant> next_due() const;

  // What to do now, in order; empties the list.
  [[nodiscard]] std::vector<Action> take();

  // For queries and state.
  struct View {
    host::Node node;
    std::string node_id;  // empty = none yet
    bool listed = false;  // the host shows it now
  };
  [[nodiscard]] std::vector<View> view() const;
  // Nodes that the host shows now; nullptr = none such. Valid until the next call that is not const.
  [[nodiscard]] const host::Node *by_machine_guid(std::string_view guid) const;
  [[nodiscard]] const host::Node *by_node_id(std::string_view node_id) const;
  // The id the cloud gave, empty = none; also of nodes that the host does not show.
  [[nodiscard]] std::string node_id_of(std::string_view machine_guid) const;
  [[nodiscard]] const host::Node *by_hostname(std::string_view hostname) const;  // the first in the host's order

 private:
  using Due = std::optional<loop::Instant>;
  enum class Phase : std::uint8_t {
    offline,
    connected,  // the cloud has not asked for the nodes on this connection: nothing is sent
    asked,      // it has, and waits for the next listing to be sent
    answered,   // what is due is sent
  };
  enum class Listing : std::uint8_t { none, under_way, under_way_and_stale };  // stale: another one is wanted after it
  // What the cloud was sent of a node's state on this connection.
  enum class Told : std::uint8_t { nothing, queryable, not_queryable };
  struct Record {
    host::Node node;
    std::string node_id;
    bool listed = false;   // the host shows it now
    bool reading = false;  // its info or its collectors
    Told told = Told::nothing;
    std::deque<loop::Instant> told_at;  // its state, the last few times
    Due state_due;
    Due info_due;
    Due info_waits_until;  // for the rest of it; stays while that is missing
    Due collectors_due;
  };

  Record *find(std::string_view guid);
  void state(Record &r, ClockPair now);
  void create(const Record &r);
  void vanished(Record &r, ClockPair now);
  void announce_all(ClockPair now);
  void compare(Record &r, const host::Node &now_is, ClockPair now);
  // May its info and collectors be read now, when they are due?
  [[nodiscard]] static bool is_readable(const Record &r);

  const std::string claim_id_;
  const host::Capabilities agent_;
  std::map<std::string, Record, std::less<>> records_;
  std::vector<std::string> order_;  // guids as the host lists them, the local node first
  std::vector<Action> actions_;
  Phase phase_ = Phase::offline;
  std::int64_t session_us_ = 0;  // of the connection
  Listing listing_ = Listing::none;
  Due list_due_;
};

}  // namespace aclk::sync
