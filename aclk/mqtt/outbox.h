// SPDX-License-Identifier: GPL-3.0-or-later
//
// What waits to be published on one connection: bounded, in order of importance, handed out no sooner than the socket
// takes it, never more in flight than the broker allows (Receive Maximum), topic aliases within its Topic Alias
// Maximum, PUBACK bookkeeping. Pure: the owner publishes what next() hands out. libmosquitto's own queue, which has no
// bound, stays empty.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "aclk/loop/clock.h"
#include "aclk/mqtt/mqtt_client.h"
#include "claim/base/bytes.h"

namespace aclk::mqtt {

// Sent in this order; within one, first come first served.
enum class Priority : std::uint8_t {
  control,  // who and where we are: connection and node state
  reply,    // somebody waits for it
  bulk,     // metadata, transitions
};
inline constexpr std::size_t kPriorities = 3;

enum class Delivery : std::uint8_t {
  acked,    // PUBACK with a reason below 0x80
  refused,  // PUBACK with a reason of 0x80 or more: the broker will not take it, ever
  too_big,  // over the broker's Maximum Packet Size: never sent
  full,     // no room in the outbox: never sent
  lost,     // the connection ended first: it may or may not have arrived
};

// May a topic alias be spent on it? The cloud's few topics are worth one.
enum class Alias : std::uint8_t { none, wanted };

struct Outgoing {
  std::string topic;
  Bytes payload;
  Priority priority = Priority::control;
  Alias alias = Alias::wanted;
  // Called exactly once, with the PUBACK's reason code where there is one. May push.
  std::function<void(Delivery, int reason)> done;
};

// What is to be published now.
struct Publish {
  std::uint64_t ticket = 0;
  std::string topic;        // empty when the alias alone says it
  std::uint16_t alias = 0;  // 0 = none
  Bytes payload;
};

struct OutboxBounds {
  std::size_t max_messages = 20'000;
  std::size_t max_bytes = 64U << 20;
  std::size_t window = 100;             // in flight, further bounded by the broker
  std::size_t window_bytes = 8U << 20;  // in flight; one larger message may go alone
  // Handed out and not taken by the socket; one larger message may go alone. What is handed out cannot be overtaken.
  std::size_t unsent_bytes = 16U << 10;
};

class Outbox {
 public:
  explicit Outbox(OutboxBounds bounds = {}) : bounds_(bounds) {}

  // The broker's limits, known at CONNACK. Before this next() gives nothing.
  void open(const MqttLimits &limits);
  // Takes the message, or calls done(full | too_big) at once and returns false. Control messages are never refused for
  // lack of room: there are few of them.
  bool push(Outgoing message);

  // The next message to publish, if one may go now. The owner answers with published() or failed().
  [[nodiscard]] std::optional<Publish> next();
  // It has the packet id `mid` and waits for its PUBACK; mid 0 = QoS 0, delivered as far as anybody can know.
  void published(std::uint64_t ticket, int mid, loop::Instant now);
  void failed(std::uint64_t ticket, Delivery why);

  // The socket has taken bytes, and with them so many PUBLISH packets whole since open(): others may go now. On a slow
  // line a long one takes minutes to leave, and those behind it.
  void sent(std::uint64_t publishes, loop::Instant now);

  // False for an unknown packet id: ignored (proto/README.md, "PUBLISH"). `latency` gets the time since published().
  bool puback(int mid, int reason, loop::Instant now, std::chrono::microseconds *latency = nullptr);
  // The connection is over: everything ends as lost, in order of sending.
  void lost();

  [[nodiscard]] std::size_t waiting() const { return waiting_count_; }
  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_; }
  [[nodiscard]] std::size_t in_flight() const { return flying_.size(); }
  [[nodiscard]] std::size_t unsent_bytes() const { return unsent_bytes_; }
  // When a missing PUBACK means that the connection is dead. Of the oldest message, while it has not left: `within`
  // after the socket last took anything. Then `within` after it left or, while others still come in (a slow line with
  // much on it), after the last of them; but never later than kLatestFactor times that.
  static constexpr int kLatestFactor = 5;
  [[nodiscard]] std::optional<loop::Instant> ack_deadline(std::chrono::milliseconds within) const;
  [[nodiscard]] std::uint64_t acked() const { return acked_; }

 private:
  struct Flying {
    Outgoing message;  // without its payload
    std::size_t bytes = 0;
    loop::Instant since;
    std::optional<loop::Instant> left;
  };
  struct Leaving {
    std::uint64_t publish = 0;  // the how many-th PUBLISH it is
    int mid = 0;
    loop::Instant since;
    std::size_t bytes = 0;
  };

  [[nodiscard]] const Flying *oldest() const;
  [[nodiscard]] std::size_t packet_size(const Outgoing &m) const;

  OutboxBounds bounds_;
  std::optional<MqttLimits> limits_;
  std::array<std::deque<Outgoing>, kPriorities> waiting_;
  std::size_t waiting_count_ = 0;
  std::size_t waiting_bytes_ = 0;
  struct Handed {
    std::uint64_t ticket = 0;
    Outgoing message;  // without its payload
    std::size_t bytes = 0;
  };
  std::optional<Handed> handed_;                     // between next() and its answer
  bool alias_is_new_ = false;                        // of handed_
  std::map<int, Flying> flying_;                     // by packet id
  std::deque<std::pair<int, loop::Instant>> order_;  // flying_ in order of sending, with stale entries
  std::deque<Leaving> leaving_;                      // those of them that the socket has not taken yet
  std::uint64_t publishes_ = 0;
  loop::Instant moved_{};  // the socket last took something
  std::size_t flying_bytes_ = 0;
  std::size_t unsent_bytes_ = 0;  // of leaving_
  std::map<std::string, std::uint16_t> aliases_;
  std::optional<loop::Instant> last_ack_;
  std::uint64_t tickets_ = 0;
  std::uint64_t acked_ = 0;
};

}  // namespace aclk::mqtt
