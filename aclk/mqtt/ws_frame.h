// SPDX-License-Identifier: GPL-3.0-or-later
//
// Frames from client to server (RFC 6455, 5.2 and 5.3): a header, and the payload masked where it stands. libwebsockets
// masks byte by byte and asks the kernel for each mask (aclk/mqtt/README.md, "Sending"). Pure but for the source of
// random bytes. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace aclk::mqtt {

// What stands before the payload at most: two bytes, eight of length, four of mask.
inline constexpr std::size_t kMaxFrameHead = 14;

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
