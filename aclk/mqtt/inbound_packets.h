// SPDX-License-Identifier: GPL-3.0-or-later
//
// Cuts a broker's stream, which MqttPacketGuard has let pass, into the packets that we read ourselves, PUBLISH and
// PUBACK, and bytes for libmosquitto, whose way with one message costs ten system calls (aclk/mqtt/README.md,
// "Receiving"). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace aclk::mqtt {

class InboundPackets {
 public:
  struct Piece {
    // Until next() is called again. Of ours a whole packet; else all or a part of one for libmosquitto.
    std::span<const std::uint8_t> bytes;
    bool ours = false;
    std::size_t head = 0;  // of a packet of ours: so many of them stand before its body

    [[nodiscard]] std::uint8_t first() const { return bytes[0]; }
    [[nodiscard]] std::span<const std::uint8_t> body() const { return bytes.subspan(head); }
  };
  // Who reads PUBLISH and PUBACK that begin now: until CONNACK has come libmosquitto does.
  enum class ReadBy : std::uint8_t { libmosquitto, us };
  // Takes the next piece from the front of `bytes`; none: they are used up.
  [[nodiscard]] std::optional<Piece> next(std::span<const std::uint8_t> &bytes, ReadBy who);

 private:
  std::optional<Piece> go_on(std::span<const std::uint8_t> &bytes, ReadBy who);

  std::size_t others_ = 0;           // bytes of a packet of libmosquitto's that are still to come
  std::vector<std::uint8_t> begun_;  // a packet, or what there is of its header, that goes on in the next bytes
  std::vector<std::uint8_t> shown_;
};

struct InboundPublish {
  std::string_view topic;
  std::uint16_t packet_id = 0;  // 0 = QoS 0
  std::string_view payload;
};
// A PUBLISH of QoS 0 or 1 to a client that has granted no topic alias (MQTT 5, 3.3). Its properties, which the guard
// has seen, are passed over. The error says what is wrong with the packet, a clause.
[[nodiscard]] tl::expected<InboundPublish, std::string_view> parse_publish(std::uint8_t first,
                                                                           std::span<const std::uint8_t> body);

// A PUBACK of which libmosquitto, which did not send the message, has nothing to say: an id, and a reason of 0 if any.
[[nodiscard]] bool is_plain_puback(std::span<const std::uint8_t> body);

}  // namespace aclk::mqtt
