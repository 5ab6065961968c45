// SPDX-License-Identifier: GPL-3.0-or-later
//
// Outgoing messages as the bytes of a connection: PUBLISH packets until their bytes are taken, and the frames that
// those bytes are put into. A payload stays where it is until it is masked into its frame, the one time that it is
// copied (aclk/mqtt/README.md, "Publishing", "Sending"). Pure but for the source of random bytes. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "claim/base/bytes.h"

namespace aclk::mqtt {

// What stands before the payload of a frame at most: two bytes, eight of length, four of mask.
inline constexpr std::size_t kMaxFrameHead = 14;

// What a packet says before its payload.
struct PublishFields {
  std::string_view topic;       // empty when the alias alone says it; at most 65 535 bytes
  std::uint16_t alias = 0;      // 0 = none
  std::uint16_t packet_id = 0;  // 0 = QoS 0
};

// All of the packet that stands before its payload. Not retained, not a duplicate.
[[nodiscard]] std::string publish_head(const PublishFields &fields, std::size_t payload_bytes);

// PUBLISH packets (MQTT 5, 3.3) of ours. libmosquitto would copy a payload twice, and have it carried through its
// socket.
class PublishQueue {
 public:
  void push(std::string head, Bytes payload);
  // Bytes of the first packet have been taken, and not all.
  [[nodiscard]] bool begun() const { return taken_ > 0; }
  // Takes bytes of the first packet, as many as there are and fit. 0: there is none.
  [[nodiscard]] std::size_t take(std::span<std::uint8_t> into);

 private:
  struct Packet {
    std::string head;
    Bytes payload;
  };
  std::deque<Packet> packets_;
  std::size_t taken_ = 0;  // of the first
};

// Frames from client to server (RFC 6455, 5.2 and 5.3): a header, and the payload masked where it stands. libwebsockets
// masks byte by byte and asks the kernel for each mask.
class WsFrameWriter {
 public:
  // Fills all of it with bytes that nobody can foretell; false when it cannot.
  using RandomSource = std::function<bool(std::span<std::uint8_t>)>;

  // That of OpenSSL.
  WsFrameWriter();
  explicit WsFrameWriter(RandomSource random);

  // A whole binary frame of the last `payload` bytes of `room`. The header is put before them, into the kMaxFrameHead
  // bytes or fewer that `room` must have there; what else stands before the header is not touched. The frame is a part
  // of `room`. nullopt: no random bytes; nothing is touched then.
  [[nodiscard]] std::optional<std::span<std::uint8_t>> binary(std::span<std::uint8_t> room, std::size_t payload);

 private:
  using Mask = std::array<std::uint8_t, 4>;
  [[nodiscard]] std::optional<Mask> next_mask();

  RandomSource random_;
  std::array<std::uint8_t, 1024> pool_{};  // random bytes; those before used_ are spent
  std::size_t used_ = pool_.size();
};

// The header of a binary frame with so many bytes of payload.
[[nodiscard]] std::size_t frame_head_bytes(std::size_t payload);

}  // namespace aclk::mqtt
