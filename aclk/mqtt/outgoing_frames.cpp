// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/outgoing_frames.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace aclk::mqtt {
namespace {

constexpr std::uint8_t kPublish = 0x30;
constexpr std::uint8_t kQos1 = 0x02;
constexpr std::uint8_t kTopicAlias = 0x23;

void put_two(std::string &to, std::size_t n) {
  to += static_cast<char>(n >> 8U & 0xffU);
  to += static_cast<char>(n & 0xffU);
}

// A variable byte integer (MQTT 5, 1.5.5).
void put_length(std::string &to, std::size_t n) {
  do {
    to += static_cast<char>((n & 0x7fU) | (n >= 0x80U ? 0x80U : 0U));
    n >>= 7U;
  } while (n > 0);
}

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

std::string publish_head(const PublishFields &f, std::size_t payload_bytes) {
  const bool qos1 = f.packet_id != 0;
  const std::size_t properties = f.alias != 0 ? 3 : 0;
  std::string out;
  out.reserve(f.topic.size() + 16);
  out += static_cast<char>(qos1 ? kPublish | kQos1 : kPublish);
  put_length(out, 2 + f.topic.size() + (qos1 ? 2U : 0U) + 1 + properties + payload_bytes);
  put_two(out, f.topic.size());
  out += f.topic;
  if (qos1) put_two(out, f.packet_id);
  put_length(out, properties);
  if (f.alias != 0) {
    out += static_cast<char>(kTopicAlias);
    put_two(out, f.alias);
  }
  return out;
}

void PublishQueue::push(std::string head, Bytes payload) { packets_.push_back({std::move(head), std::move(payload)}); }

std::size_t PublishQueue::take(std::span<std::uint8_t> into) {
  if (packets_.empty()) return 0;
  const auto &p = packets_.front();
  std::size_t got = 0;
  for (std::size_t before = 0; const auto part : {std::string_view(p.head), p.payload.view()}) {
    const auto from = std::min(part.size(), taken_ + got - std::min(taken_ + got, before));
    const auto n = std::min(part.size() - from, into.size() - got);
    if (n > 0)
      std::memcpy(into.data() + got, part.data() + from, n);  // std::copy goes from char to uint8_t byte by byte
    got += n;
    before += part.size();
  }
  taken_ += got;
  if (taken_ == p.head.size() + p.payload.size()) {
    packets_.pop_front();
    taken_ = 0;
  }
  return got;
}

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
