// SPDX-License-Identifier: GPL-3.0-or-later
//
// One MQTT 5 connection by libmosquitto, which believes that it talks to a unix socket: its bytes are fed and pulled by
// whoever carries them (aclk/mqtt/README.md, "libmosquitto"). What is published stands between its packets
// (aclk/mqtt/README.md, "Publishing"). One object per connection, used on the loop thread only; never blocks.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aclk/loop/clock.h"
#include "claim/base/bytes.h"
#include "claim/base/result.h"

namespace aclk::mqtt {

struct MqttConnect {
  std::string client_id;
  std::string username;
  std::string password;      // secret
  std::string will_topic;    // empty = no will
  std::string will_payload;  // QoS 2, not retained
  std::chrono::seconds keepalive{60};
  loop::TimeScale scale{};                                    // see KeepAlive
  std::optional<std::chrono::milliseconds> silent_at_most{};  // see KeepAlive
};

// What the broker's CONNACK allows (proto/README.md, "CONNECT"); defaults are those of MQTT 5.
struct MqttLimits {
  std::uint32_t max_packet = 268'435'460;  // bytes of a whole packet: the largest that MQTT can say
  std::uint16_t receive_max = 65'535;      // QoS 1 publishes without PUBACK
  std::uint16_t alias_max = 0;             // topic aliases that we may use
  std::uint8_t max_qos = 2;
  std::chrono::seconds keepalive{60};
};

enum class MqttEnd : std::uint8_t {
  by_us,         // our DISCONNECT is written
  disconnect,    // the broker's DISCONNECT
  protocol,      // it sent what is no MQTT, or libmosquitto gave up
  ping_timeout,  // it does not answer
};

class MqttClient {
 public:
  // Called from inside feed(), tick(), and the verbs. The client must not be destroyed from within.
  struct MqttEvents {
    std::function<void(int reason, const MqttLimits &)> connack;  // reason 0 = accepted
    std::function<void(int mid, std::vector<int> reasons)> suback;
    std::function<void(int mid, int reason)> puback;
    std::function<void(std::string topic, std::string payload, int qos)> message;
    // The connection is over; called at most once. `why` is a clause. reason: of the broker's DISCONNECT (0 to 255), 0
    // for the other ways to end.
    std::function<void(MqttEnd how, int reason, std::string why)> ended;
    std::function<void()> output;  // there is something to pull
    // Acknowledgements wait. They may do so for some milliseconds: what is sent by then takes them with it.
    std::function<void()> owed;
  };

  // `scratch` is used when the system has no usable temporary directory.
  [[nodiscard]] static Result<std::unique_ptr<MqttClient>> make(const MqttConnect &connect, MqttEvents events,
                                                                const std::filesystem::path &scratch);
  ~MqttClient();
  MqttClient(const MqttClient &) = delete;
  MqttClient &operator=(const MqttClient &) = delete;

  // Bytes that came from the broker. After `ended` they are ignored.
  void feed(std::span<const std::uint8_t> bytes);
  // Takes up to buffer.size() bytes for the broker; 0 = nothing now.
  [[nodiscard]] std::size_t pull(std::span<std::uint8_t> buffer);

  // QoS 1, retain-as-published; the packet id. Not after the first publish(): ids are counted on from here.
  [[nodiscard]] Result<int> subscribe(const std::string &topic);
  // QoS 1 (0 if the broker allows no more), not retained. alias 0 = none; an empty topic needs an alias that was sent
  // with its topic before on this connection. After CONNACK. The packet id; 0 for QoS 0. Errors: too_big (broker's
  // maximum), mqtt.
  [[nodiscard]] Result<int> publish(const std::string &topic, std::uint16_t alias, Bytes payload);
  // MQTT DISCONNECT, reason 0.
  void disconnect();

  // See KeepAlive::doubt(); next_tick() is now.
  void doubt();
  // Keep-alive: call at next_tick() or later (never needed before). Sends PINGREQ when nothing was received or nothing
  // was sent for 3/4 of the keep-alive time, and reports a ping timeout through `ended` (see KeepAlive).
  void tick(loop::Instant now);
  [[nodiscard]] loop::Instant next_tick() const;
  // See KeepAlive.
  [[nodiscard]] std::chrono::milliseconds silence(loop::Instant now) const;
  [[nodiscard]] std::chrono::milliseconds survived_silence() const;

  [[nodiscard]] std::uint64_t bytes_in() const;
  [[nodiscard]] std::uint64_t bytes_out() const;
  // PUBLISH packets that were pulled with their last byte.
  [[nodiscard]] std::uint64_t publishes_out() const;

 private:
  struct Impl;
  explicit MqttClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aclk::mqtt
