// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a host is asked to read, and what it shows, as values. A reading names its subject, collects what is shown, and
// has a result in the end; by which of the two ways the host gives it (a hook that blocks, or the hook read) is
// host.h's. Used by one thread at a time.
#pragma once

#include <netdata-aclk/plugin.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aclk/host/abi_values.h"
#include "claim/base/result.h"
#include "proto/alarms.h"
#include "proto/contexts.h"
#include "proto/node.h"

namespace aclk::host {

using Capabilities = std::vector<proto::Capability>;

// A node as the host knows it. No message has these fields: what is sent of them is spread over three
// (proto/node.h), and depends on what it has given the node.
struct Node {
  std::string machine_guid;
  std::string hostname;
  std::int32_t hops = 0;
  bool local = false;
  bool live = false;
  bool replicating = false;
  bool health_enabled = false;
  bool ml_capable = false;
  bool ml_enabled = false;
  Capabilities capabilities;

  bool operator==(const Node &) const = default;
};

struct AlertLog {
  std::vector<proto::Alert> entries;  // oldest first
  std::uint64_t last_log_id = 0;
  bool gap = false;  // what lies before the first entry is lost, or ids began anew
};

[[nodiscard]] Capabilities take_capabilities(const naclk_capability *c, std::size_t n);

// Each of the readings below has:
//   Thing    what the host shows of it (a struct of the ABI), Value  what comes of it
//   kKind    of enum naclk_read_kind
//   what()   for a sentence: "the contexts of node 1b2c..."
//   kNoted   is it noted when it fails each time (failing_reads.h)?
//   ask()    calls the hook that blocks, which shows its things to show(), and returns what that returned
//   fill()   the fields of a naclk_read; views of this
//   show()   takes one thing; read to its whole size already (abi_values.h, take())
//   result() after success

struct NodeListing {
  using Thing = naclk_node;
  using Value = std::vector<Node>;
  static constexpr auto kKind = NACLK_READ_NODES;
  static constexpr bool kNoted = true;

  [[nodiscard]] std::string what() const { return "the list of nodes"; }
  [[nodiscard]] int ask(const naclk_host &t);
  void fill(naclk_read & /*unused*/) const {}
  void show(const naclk_node &n);
  [[nodiscard]] Result<Value> result(const naclk_alert_log_end * /*unused*/) { return std::move(nodes); }

  std::vector<Node> nodes;
};

// What the subject of all others but one is.
struct OfNode {
  std::string machine_guid;

  void fill(naclk_read &r) const;
};

// What the host does not know of it is empty.
struct NodeFacts : OfNode {
  using Thing = naclk_node_info;
  using Value = proto::NodeInfo;
  static constexpr auto kKind = NACLK_READ_NODE_INFO;
  static constexpr bool kNoted = true;

  [[nodiscard]] std::string what() const { return "the facts of node " + machine_guid; }
  [[nodiscard]] int ask(const naclk_host &t);
  void show(const naclk_node_info &i);
  [[nodiscard]] Result<Value> result(const naclk_alert_log_end * /*unused*/);

  std::optional<proto::NodeInfo> info;
};

struct NodeCollectors : OfNode {
  using Thing = naclk_collector;
  using Value = std::vector<proto::CollectorInfo>;
  static constexpr auto kKind = NACLK_READ_COLLECTORS;
  static constexpr bool kNoted = true;

  [[nodiscard]] std::string what() const { return "the collectors of node " + machine_guid; }
  [[nodiscard]] int ask(const naclk_host &t);
  void show(const naclk_collector &c);
  [[nodiscard]] Result<Value> result(const naclk_alert_log_end * /*unused*/) { return std::move(collectors); }

  Value collectors;
};

// As an update would have them, without a version.
struct NodeContexts : OfNode {
  using Thing = naclk_context;
  using Value = std::vector<proto::ContextUpdated>;
  static constexpr auto kKind = NACLK_READ_CONTEXTS;
  static constexpr bool kNoted = true;

  [[nodiscard]] std::string what() const { return "the contexts of node " + machine_guid; }
  [[nodiscard]] int ask(const naclk_host &t);
  void show(const naclk_context &c);
  [[nodiscard]] Result<Value> result(const naclk_alert_log_end * /*unused*/) { return std::move(contexts); }

  Value contexts;
};

// Entries after `after`, at most `limit`; 0, 0 = all there is.
struct AlertLogReading : OfNode {
  using Thing = naclk_alert;
  using Value = AlertLog;
  static constexpr auto kKind = NACLK_READ_ALERT_LOG;
  static constexpr bool kNoted = true;
  std::uint64_t after = 0;
  std::uint32_t limit = 0;

  [[nodiscard]] std::string what() const { return "the alert log of node " + machine_guid; }
  [[nodiscard]] int ask(const naclk_host &t);
  void fill(naclk_read &r) const;
  void show(const naclk_alert &a);
  [[nodiscard]] Result<Value> result(const naclk_alert_log_end *end);

  AlertLog log;
  std::optional<naclk_alert_log_end> end_of_hook;  // from the hook that blocks
};

struct ActiveAlerts : OfNode {
  using Thing = naclk_alert;
  using Value = std::vector<proto::Alert>;
  static constexpr auto kKind = NACLK_READ_ACTIVE_ALERTS;
  static constexpr bool kNoted = true;

  [[nodiscard]] std::string what() const { return "the alerts of node " + machine_guid; }
  [[nodiscard]] int ask(const naclk_host &t);
  void show(const naclk_alert &a);
  [[nodiscard]] Result<Value> result(const naclk_alert_log_end * /*unused*/) { return std::move(alerts); }

  Value alerts;
};

// not_found: no alert has this definition.
struct AlertDefinition {
  using Thing = naclk_alert_config;
  using Value = proto::AlarmConfiguration;
  static constexpr auto kKind = NACLK_READ_ALERT_CONFIG;
  static constexpr bool kNoted = false;
  std::string config_hash;

  [[nodiscard]] std::string what() const { return "the alert definition " + config_hash; }
  [[nodiscard]] int ask(const naclk_host &t);
  void fill(naclk_read &r) const;
  void show(const naclk_alert_config &c);
  [[nodiscard]] Result<Value> result(const naclk_alert_log_end * /*unused*/);

  std::optional<proto::AlarmConfiguration> config;
};

// What comes of a reading that ended with `rc`: 0 or a negated errno.
template <class R>
[[nodiscard]] Result<typename R::Value> conclude(R &reading, int rc, const naclk_alert_log_end *end) {
  ACLK_CHECK(check(rc, reading.what()));
  return reading.result(end);
}

// A transition of an alert, as a host shows it, made ready for the store and the wire: encoded, the only time, without
// node_id and claim_id, which are known when it is sent; alert_version is its time.
// A transition without an id gets one that is the same for ever, made of machine guid, position in the log, alert and
// time; an alert without an alert_id that of its chart and name. Never sent, with an empty entry, are a `variable`
// alert and one whose entry would be larger than proto::kMaxAlarm.
[[nodiscard]] proto::Alert alert_of(const naclk_alert &told, std::string_view machine_guid);

}  // namespace aclk::host
