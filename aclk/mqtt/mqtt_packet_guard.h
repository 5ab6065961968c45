// SPDX-License-Identifier: GPL-3.0-or-later
//
// Watches the MQTT packets in a byte stream before libmosquitto sees them, so that it is spared what it does not bear:
// a packet that is too large, of which it allocates whatever the header announces (aclk/mqtt/README.md, "Sizes"), and
// properties that end its process. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace aclk::mqtt {

// Walks over the properties of packets that come from the broker (MQTT 5, 2.2.2), so that a packet with one that nobody
// knows, or that leaves its section, is refused: libmosquitto 2.0.11 ends the process then (its log function asserts
// that it has a client, and is called without one).
class MqttPropertyValidator {
 public:
  // A packet begins; its first byte.
  void begin(std::uint8_t first);
  // Bytes of its body, in any pieces. False: see above; the stream is over then. A body that ends too soon is not seen
  // here: libmosquitto refuses it.
  [[nodiscard]] bool pass(std::span<const std::uint8_t> body);

 private:
  enum class At : std::uint8_t {
    topic_length,
    skipped,  // what comes before the properties
    section_length,
    identifier,
    number,  // a value of a known size
    variable_number,
    string_length,
    string,
    rest,  // the walk is over
  };

  [[nodiscard]] bool step(std::uint8_t b);
  [[nodiscard]] bool identify(std::uint8_t b);
  void skip(std::size_t bytes);
  void expect_number();
  void end_value();

  At at_ = At::rest;
  bool has_packet_id_ = false;
  std::size_t left_ = 0;     // of what is skipped, a number or a string
  std::size_t section_ = 0;  // bytes of the properties that are still to come
  std::uint32_t number_ = 0;
  unsigned digits_ = 0;   // bytes of number_ so far
  unsigned strings_ = 0;  // of this property, still to come
};

// The packets: one that is too large is refused before any of it is kept.
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
