// SPDX-License-Identifier: GPL-3.0-or-later
//
// Watches the MQTT packets in a byte stream, so that one that is too large is refused before any of it is kept:
// libmosquitto allocates whatever a header announces (aclk/mqtt/README.md, "Sizes"); and so are properties that
// libmosquitto does not survive (mqtt_property_validator.h). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "aclk/mqtt/mqtt_property_validator.h"

namespace aclk::mqtt {

class MqttPacketGuard {
 public:
  // most_qos: of PUBLISH packets. With less than 2 the stream is a broker's to us, and PUBREC, PUBREL, PUBCOMP and
  // PINGREQ are refused: libmosquitto answers each, and keeps the answers without bound. Messages of QoS 2 are kept by
  // libmosquitto until the other side says so, as many and as large as it likes.
  explicit MqttPacketGuard(std::size_t max_packet, unsigned most_qos = 2) : max_(max_packet), most_qos_(most_qos) {}

  // False when a packet is one that cannot be borne: see trouble().
  [[nodiscard]] bool pass(std::span<const std::uint8_t> bytes);
  enum class Trouble : std::uint8_t {
    none,
    malformed,  // more than 4 length bytes
    property,   // one that MQTT 5 does not have, or that is longer than they are together
    too_large,  // the header announces more than the maximum
    qos,        // over most_qos
    role,       // what only belongs to QoS 2 where there is none, or what only a client says
    type_0,     // to libmosquitto no packet has begun yet: it takes the first byte of the body for the next one's type
  };
  [[nodiscard]] Trouble trouble() const { return trouble_; }
  // Nothing of a packet is pending.
  [[nodiscard]] bool between() const { return at_ == At::type; }
  // Complete packet headers seen so far.
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  // PUBLISH packets that have passed with their last byte.
  [[nodiscard]] std::uint64_t publishes() const { return publishes_; }
  // The same of those that are to be acknowledged, and of acknowledgements (PUBACK).
  [[nodiscard]] std::uint64_t to_acknowledge() const { return to_acknowledge_; }
  [[nodiscard]] std::uint64_t acknowledgements() const { return acknowledgements_; }
  // Acknowledgements of a broker (most_qos below 2) that have passed with their last byte since this was last asked.
  struct Puback {
    int packet_id = 0;
    int reason = 0;
  };
  [[nodiscard]] std::vector<Puback> take_pubacks() { return std::exchange(pubacks_, {}); }
  // The first byte of the newest complete header and the length that it announces.
  struct Header {
    std::uint8_t type = 0;
    std::size_t length = 0;
    bool operator==(const Header &) const = default;
  };
  [[nodiscard]] Header newest() const { return newest_; }

 private:
  bool refuse(Trouble t) {
    trouble_ = t;
    return false;
  }
  void note_puback(std::span<const std::uint8_t> body);
  void complete();

  enum class At : std::uint8_t { type, length, body };
  std::size_t max_;
  unsigned most_qos_;
  Trouble trouble_ = Trouble::none;
  At at_ = At::type;
  std::uint32_t shift_ = 0;
  std::size_t left_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t publishes_ = 0;
  std::uint64_t to_acknowledge_ = 0;
  std::uint64_t acknowledgements_ = 0;
  std::uint8_t type_ = 0;
  MqttPropertyValidator properties_;
  std::vector<Puback> pubacks_;
  Puback puback_;                 // the one that passes
  std::size_t puback_bytes_ = 0;  // of its body so far, at most 3: the packet id, the reason
  Header newest_;
};

}  // namespace aclk::mqtt
