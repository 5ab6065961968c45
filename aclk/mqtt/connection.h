// SPDX-License-Identifier: GPL-3.0-or-later
//
// One connection to the cloud's broker from dialing to its end: Dialer -> WsLink -> MqttClient with the Outbox above
// it, one deadline for getting there, one reason for every end. Loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aclk/mqtt/mqtt_client.h"
#include "aclk/mqtt/outbox.h"
#include "aclk/mqtt/ws_context.h"
#include "aclk/net/curl_multi.h"
#include "aclk/net/fault.h"
#include "aclk/net/reach_memory.h"
#include "claim/base/url.h"
#include "claim/proxy.h"

namespace aclk::mqtt {

struct ConnectionPlan {
  Url endpoint;
  claim::Proxy proxy;
  std::filesystem::path scratch;  // for private sockets, when the system has no usable temporary directory
  OutboxBounds outbox;
  std::chrono::milliseconds dial_timeout{10'000};
  // TLS, upgrade and CONNACK together (proto/README.md, "WebSocket upgrade")
  std::chrono::milliseconds setup_timeout{60'000};
  std::chrono::milliseconds ack_timeout{60'000};   // a PUBACK that does not come (proto/README.md, "Keep-alive")
  std::chrono::milliseconds close_timeout{1'000};  // from close() to gone (aclk/session/README.md, "Goodbye")
};

// What is said when the WebSocket is open.
struct MqttSession {
  MqttConnect connect;
  std::vector<std::string> subscriptions;
};

struct ConnectionEnd {
  enum class Kind : std::uint8_t {
    dial,           // no TCP connection; `error.code` says whether dns, tcp, proxy or timeout
    setup_timeout,  // connected, then silence before CONNACK
    tls,
    upgrade,           // refused; http_status
    connack,           // refused; mqtt_reason
    subscribe,         // refused; mqtt_reason
    by_server,         // MQTT DISCONNECT; mqtt_reason
    closed_by_remote,  // WebSocket close (ws_code), TLS close, end of file
    socket,            // reset
    mqtt_protocol,
    ws_protocol,
    ping_timeout,
    by_us,     // close() went through, or its deadline passed
    internal,  // this machine: descriptors, directories, memory
  };
  Kind kind = Kind::internal;
  Error error;
  int http_status = 0;
  int mqtt_reason = 0;
  std::optional<int> ws_code{};
  net::Cause cause = net::Cause::other;  // of `dial` and `tls`
  std::string http_reason{};             // the text behind http_status, printable
  // Of MQTT: how long nothing went either way before this, and the longest such time that did no harm.
  std::chrono::milliseconds silence{0};
  std::chrono::milliseconds survived{0};
};

// The way of a connection; each begins when the one before is done.
enum class Stage : std::uint8_t { dialing, tls, websocket, connect };

class Connection {
 public:
  struct ConnectionEvents {
    std::function<void(Stage)> stage;  // called in this order, none left out; it may call close()
    // CONNACK accepted it and the subscriptions are on their way: publish() sends from here on.
    std::function<void(const MqttLimits &, const std::string &address)> up;
    // The broker has granted all subscriptions; not called when it does not.
    std::function<void()> subscribed{};
    std::function<void(std::string topic, std::string payload, int qos)> message;
    std::function<void(std::chrono::microseconds latency)> puback;
    // Once, from the loop. Everything unacknowledged has been reported lost before. May destroy the Connection.
    std::function<void(ConnectionEnd)> ended;
  };

  Connection(uv_loop_t &loop, net::CurlMulti &multi, WsContext &ws, ConnectionPlan plan, ConnectionEvents events);
  ~Connection();  // cuts without telling the broker: its will is published
  Connection(const Connection &) = delete;
  Connection &operator=(const Connection &) = delete;

  // As far as the open WebSocket, no event is given before go_on().
  void start();
  // Once: CONNECT follows as soon as it can. Stages that are done by now are given first, and so is an end. A WebSocket
  // that was open and was given up by the other side for saying nothing is no end: it is dialed again.
  void go_on(MqttSession session);
  // See Outbox::push. Before `up` messages wait.
  bool publish(Outgoing message);
  // The machine has slept, or the network has changed: asks the broker whether it is still there, and ends in 5 s with
  // a ping timeout when it is not. Does nothing before `up`.
  void doubt();
  // MQTT DISCONNECT, WebSocket close, TCP close; `ended` comes within plan.close_timeout. What waits in the outbox is
  // lost; wait for what matters first.
  void close();

  // Of TLS with the broker, from Stage::websocket on.
  [[nodiscard]] net::TlsTrust trust() const;
  [[nodiscard]] const Outbox &outbox() const;
  [[nodiscard]] std::uint64_t bytes_in() const;  // MQTT bytes, before WebSocket and TLS
  [[nodiscard]] std::uint64_t bytes_out() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace aclk::mqtt
