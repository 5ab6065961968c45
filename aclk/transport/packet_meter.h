// SPDX-License-Identifier: GPL-3.0-or-later
//
// Watches the MQTT packet borders in a byte stream, so that a packet that is too large is refused before any of it is
// kept: libmosquitto allocates whatever a header announces (transport-notes 5.9). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace aclk::transport {

class PacketMeter {
 public:
  explicit PacketMeter(std::size_t max_packet) : max_(max_packet) {}

  // False when a packet header announces more than the maximum or is malformed (more than 4 length bytes).
  [[nodiscard]] bool pass(std::span<const std::uint8_t> bytes);
  // Nothing of a packet is pending.
  [[nodiscard]] bool between() const { return at_ == At::type; }
  // Complete packet headers seen so far.
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  // The first byte of the newest complete header and the length that it announces.
  struct Header {
    std::uint8_t type = 0;
    std::size_t length = 0;
    bool operator==(const Header &) const = default;
  };
  [[nodiscard]] Header newest() const { return newest_; }

 private:
  enum class At : std::uint8_t { type, length, body };
  std::size_t max_;
  At at_ = At::type;
  std::uint32_t shift_ = 0;
  std::size_t left_ = 0;
  std::uint64_t packets_ = 0;
  std::uint8_t type_ = 0;
  Header newest_;
};

}  // namespace aclk::transport
