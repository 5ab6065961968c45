// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/inbound_packets.h"

#include <mosquitto.h>

#include <algorithm>
#include <utility>

namespace aclk::mqtt {
namespace {

constexpr std::size_t kKept = 64U << 10;  // of a buffer, between packets

constexpr bool may_be_ours(std::uint8_t first) { return first >> 4U == 3 || first >> 4U == 4; }

// A variable byte integer (MQTT 5, 1.5.5) and how many bytes it has; none: it is not whole, or too long.
struct Length {
  std::size_t value = 0;
  std::size_t bytes = 0;
};
std::optional<Length> read_length(std::span<const std::uint8_t> from) {
  Length l;
  for (const auto b : from.first(std::min<std::size_t>(from.size(), 4))) {
    l.value |= static_cast<std::size_t>(b & 0x7fU) << 7U * l.bytes++;
    if (b < 0x80) return l;
  }
  return std::nullopt;
}

// Header and body of the packet that begins there.
struct Extent {
  std::size_t head = 0;
  std::size_t whole = 0;
};
std::optional<Extent> extent_of(std::span<const std::uint8_t> packet) {
  if (packet.empty()) return std::nullopt;
  const auto l = read_length(packet.subspan(1));
  if (!l) return std::nullopt;
  return Extent{1 + l->bytes, 1 + l->bytes + l->value};
}

std::span<const std::uint8_t> take(std::span<const std::uint8_t> &from, std::size_t n) {
  return std::exchange(from, from.subspan(n)).first(n);
}

std::size_t two_bytes(std::span<const std::uint8_t> from) { return static_cast<std::size_t>(from[0]) << 8U | from[1]; }

std::string_view text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

}  // namespace

std::optional<InboundPackets::Piece> InboundPackets::next(std::span<const std::uint8_t> &bytes, ReadBy who) {
  if (shown_.capacity() > kKept) shown_ = {};
  if (bytes.empty()) return std::nullopt;
  if (others_ > 0) {
    const auto n = std::min(others_, bytes.size());
    others_ -= n;
    return Piece{take(bytes, n)};
  }
  if (!begun_.empty()) return go_on(bytes, who);
  const auto extent = extent_of(bytes);
  const bool mine = who == ReadBy::us && may_be_ours(bytes[0]);
  if (extent && mine && extent->whole <= bytes.size()) return Piece{take(bytes, extent->whole), true, extent->head};
  if (extent && !mine) {
    const auto n = std::min(extent->whole, bytes.size());
    others_ = extent->whole - n;
    return Piece{take(bytes, n)};
  }
  const auto rest = take(bytes, bytes.size());
  begun_.assign(rest.begin(), rest.end());
  return std::nullopt;
}

std::optional<InboundPackets::Piece> InboundPackets::go_on(std::span<const std::uint8_t> &bytes, ReadBy who) {
  auto extent = extent_of(begun_);
  while (!extent && !bytes.empty()) {
    begun_.push_back(take(bytes, 1)[0]);
    extent = extent_of(begun_);
  }
  if (!extent) return std::nullopt;
  const bool mine = who == ReadBy::us && may_be_ours(begun_[0]);
  if (mine) {
    const auto part = take(bytes, std::min(bytes.size(), extent->whole - begun_.size()));
    begun_.insert(begun_.end(), part.begin(), part.end());
    if (begun_.size() < extent->whole) return std::nullopt;
  } else {
    others_ = extent->whole - begun_.size();
  }
  shown_.swap(begun_);
  begun_.clear();
  return Piece{shown_, mine, mine ? extent->head : 0};
}

tl::expected<InboundPublish, std::string_view> parse_publish(std::uint8_t first, std::span<const std::uint8_t> body) {
  constexpr std::string_view kTooShort = "it ends too soon";
  const auto wrong = [](std::string_view what) { return tl::unexpected<std::string_view>(what); };
  InboundPublish p;
  if (body.size() < 2) return wrong(kTooShort);
  const auto topic_bytes = two_bytes(take(body, 2));
  if (body.size() < topic_bytes) return wrong(kTooShort);
  p.topic = text(take(body, topic_bytes));
  if (p.topic.empty()) return wrong("it has no topic, and no alias was granted");
  if (mosquitto_validate_utf8(p.topic.data(), static_cast<int>(p.topic.size())) != MOSQ_ERR_SUCCESS)
    return wrong("Malformed UTF-8 in its topic");
  if ((first & 6U) != 0) {
    if (body.size() < 2) return wrong(kTooShort);
    p.packet_id = static_cast<std::uint16_t>(two_bytes(take(body, 2)));
    if (p.packet_id == 0) return wrong("its packet id is 0");
  }
  const auto properties = read_length(body);
  if (!properties || body.size() - properties->bytes < properties->value) return wrong(kTooShort);
  p.payload = text(body.subspan(properties->bytes + properties->value));
  return p;
}

bool is_plain_puback(std::span<const std::uint8_t> body) {
  return body.size() >= 2 && body.size() <= 4 && two_bytes(body) != 0 &&
         std::ranges::all_of(body.subspan(2), [](auto b) { return b == 0; });
}

}  // namespace aclk::mqtt
