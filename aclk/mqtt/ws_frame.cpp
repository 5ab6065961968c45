// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/ws_frame.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace aclk::mqtt {
namespace {

constexpr std::uint8_t kFinalBinary = 0x82;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kTwoBytesFollow = 126;
constexpr std::uint8_t kEightBytesFollow = 127;

// Eight bytes at a time. A mask of four bytes begins anew at each multiple of four, so it does at each of eight.
void put_mask(std::span<const std::uint8_t, 4> mask, std::span<std::uint8_t> payload) {
  std::uint64_t wide = 0;
  std::memcpy(&wide, mask.data(), 4);
  std::memcpy(reinterpret_cast<std::uint8_t *>(&wide) + 4, mask.data(), 4);
  auto *p = payload.data();
  std::size_t left = payload.size();
  for (; left >= sizeof wide; p += sizeof wide, left -= sizeof wide) {
    std::uint64_t x = 0;
    std::memcpy(&x, p, sizeof x);
    x ^= wide;
    std::memcpy(p, &x, sizeof x);
  }
  for (std::size_t i = 0; i < left; ++i) p[i] ^= mask[i % 4];
}

}  // namespace

std::size_t frame_head_bytes(std::size_t payload) { return payload < 126 ? 6U : payload < 65'536 ? 8U : 14U; }

WsFrameWriter::WsFrameWriter()
    : WsFrameWriter(
          [](std::span<std::uint8_t> to) { return RAND_bytes(to.data(), static_cast<int>(to.size())) == 1; }) {}

WsFrameWriter::WsFrameWriter(RandomSource random) : random_(std::move(random)) {}

std::optional<WsFrameWriter::Mask> WsFrameWriter::next_mask() {
  Mask mask{};
  if (used_ + mask.size() > pool_.size()) {
    if (!random_(pool_)) return std::nullopt;
    used_ = 0;
  }
  std::copy_n(pool_.begin() + static_cast<std::ptrdiff_t>(used_), mask.size(), mask.begin());
  used_ += mask.size();
  return mask;
}

std::optional<std::span<std::uint8_t>> WsFrameWriter::binary(std::span<std::uint8_t> room, std::size_t payload) {
  const auto mask = next_mask();
  if (!mask) return std::nullopt;
  const std::size_t head = frame_head_bytes(payload);
  const auto frame = room.last(head + payload);
  frame[0] = kFinalBinary;
  std::size_t at = 2;
  if (head == 6) {
    frame[1] = kMasked | static_cast<std::uint8_t>(payload);
  } else {
    frame[1] = kMasked | (head == 8 ? kTwoBytesFollow : kEightBytesFollow);
    for (std::size_t bytes = head - 6; bytes > 0; --bytes)
      frame[at++] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(payload) >> (8 * (bytes - 1)));
  }
  std::copy(mask->begin(), mask->end(), frame.begin() + static_cast<std::ptrdiff_t>(at));
  put_mask(*mask, frame.last(payload));
  return frame;
}

}  // namespace aclk::mqtt
