// SPDX-License-Identifier: GPL-3.0-or-later
//
// The link of one identity: does what the ConnectionStateMachine decides, with Login and Connection, over and over
// until stopped. Loop thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aclk/host/log.h"
#include "aclk/mqtt/connection.h"
#include "aclk/net/http_client.h"
#include "aclk/session/connection_history.h"
#include "aclk/session/connection_state_machine.h"
#include "claim/base/url.h"
#include "claim/key.h"
#include "proto/message_types.h"

namespace aclk::session {

struct Plan {
  Url cloud_url;
  std::string claim_id;
  std::string agent_version;  // with v
  std::shared_ptr<const claim::PrivateKey> key;
  net::Reach reach;
  std::filesystem::path scratch;
  host::Capabilities capabilities;  // of the agent
  loop::TimeScale scale;
  // What is known of connections that fell; outlives this link, and is its loop thread's meanwhile. nullptr: nothing.
  std::shared_ptr<Drops> drops{};
};

// One connection as the rest of the module sees it.
struct Online {
  std::int64_t session_us = 0;  // the session id in every message: about when it began, in microseconds
  mqtt::MqttLimits limits;
};

// Upper limits of the times that PUBACKs take, in ms; beside them there are the longer ones. The reference's
// (aclk/report/README.md, "Statistics charts", aclk_puback_latency): its "instant" is below 1 ms.
inline constexpr std::array<int, 18> kLatencyLimitsMs{
    1, 10, 50, 100, 200, 350, 500, 750, 1'000, 2'000, 4'000, 8'000, 15'000, 30'000, 45'000, 60'000, 120'000, 180'000};

// Over all connections of this link; all values only rise.
struct Totals {
  std::uint64_t bytes_in = 0;  // MQTT bytes
  std::uint64_t bytes_out = 0;
  std::uint64_t pubacks = 0;
  std::uint64_t latency_us = 0;                                      // of all PUBACKs together
  std::array<std::uint64_t, kLatencyLimitsMs.size() + 1> latency{};  // how many, by kLatencyLimitsMs
};

// For state and statistics; a copy of what is so now.
struct Report {
  ConnectionState state = ConnectionState::stopped;
  login::Status status = login::Status::offline;
  std::string why;
  bool online = false;
  bool banned = false;
  std::uint64_t connects = 0;
  std::int64_t last_connect_s = 0;  // epoch; 0 = never
  std::int64_t last_stable_s = 0;   // third PUBACK
  std::int64_t last_disconnect_s = 0;
  std::int64_t next_attempt_s = 0;  // 0 = none planned
  std::chrono::milliseconds last_backoff{0};
  std::uint64_t received = 0;  // PUBLISH, this connection
  std::uint64_t pubacks = 0;   // this connection
  std::size_t pending_pubacks = 0;
  std::size_t queued = 0;  // messages that wait to be sent
  std::size_t queued_bytes = 0;
  Totals totals;
  std::chrono::microseconds publish_latency{0};
  std::uint64_t bytes_in = 0;  // this connection
  std::uint64_t bytes_out = 0;
  std::optional<std::int64_t> clock_offset_ms;  // our clock minus the cloud's
  std::vector<Attempt> attempts;                // the last ones, oldest first
  std::size_t drops = 0;                        // connections that fell in the last hour
  std::string drops_finding;                    // what there is to say of that; empty: nothing
  std::chrono::milliseconds asks_every{0};      // the broker, when nothing is sent; 0: as usual
};

class ConnectionManager {
 public:
  struct SessionEvents {
    // The id of a connection that begins now: above that of every earlier one. Must be set.
    std::function<std::int64_t(std::int64_t now_us)> session_id;
    std::function<void(const Online &)> online;  // the hello is on its way: publish what is due
    std::function<void()> offline;               // what was unacknowledged has been reported lost
    // An inbound PUBLISH; `type` is the text after the topic's last '/'. Views are valid during the call.
    std::function<void(std::string_view type, std::string_view payload)> message;
    // An outbound one is handed over; and, once for each, what became of it.
    std::function<void(proto::MessageType, std::string_view payload)> sending;
    std::function<void(proto::MessageType, mqtt::Delivery)> delivered;
  };

  ConnectionManager(uv_loop_t &loop, Plan plan, const host::Log &log, SessionEvents events);
  ~ConnectionManager();  // cuts without goodbye
  ConnectionManager(const ConnectionManager &) = delete;
  ConnectionManager &operator=(const ConnectionManager &) = delete;

  void start();
  // Says goodbye if online (2 s for its PUBACK, 1 s to close), then calls `done` once from the loop.
  void stop(Stop kind, std::function<void()> done);
  // Obeys a DisconnectReq.
  void obey(const proto::DisconnectReq &order);
  // The machine has slept: a link that is online is looked at, one that waits is tried.
  void resumed();

  // On the type's topic, or (reply) on a callback topic. False when offline or full; `done` has then been
  // called.
  bool publish(proto::MessageType type, std::string payload, mqtt::Priority priority,
               std::function<void(mqtt::Delivery, int)> done = {});
  bool reply(const std::string &topic, Bytes payload, std::function<void(mqtt::Delivery, int)> done = {});

  [[nodiscard]] Report report() const;
  // The slowest PUBACK since this was last asked.
  [[nodiscard]] std::chrono::microseconds take_slowest_ack();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aclk::session
