// SPDX-License-Identifier: GPL-3.0-or-later
//
// Walks over the properties of MQTT 5 packets that come from the broker (MQTT 5, 2.2.2), so that a packet with one that
// nobody knows, or that leaves its section, is refused before libmosquitto sees it: 2.0.11 ends the process then (its
// log function asserts that it has a client, and is called without one). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace aclk::mqtt {

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

}  // namespace aclk::mqtt
