// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which packets of a broker we read ourselves, and how (aclk/mqtt/inbound_packets.h). First byte: how large the pieces
// are. However a stream that the guard lets pass is cut, each byte comes out once and in order, and our packets are the
// same.
#include "aclk/mqtt/inbound_packets.h"

#include <algorithm>
#include <string>

#include "aclk/mqtt/mqtt_packet_guard.h"
#include "tests/fuzz/fuzz.h"

namespace {

struct Seen {
  std::string others;
  std::string ours;
};

std::string_view text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

Seen read(std::span<const std::uint8_t> all, std::size_t piece) {
  aclk::mqtt::InboundPackets packets;
  Seen seen;
  for (std::size_t at = 0; at < all.size(); at += piece) {
    auto bytes = all.subspan(at, std::min(piece, all.size() - at));
    while (const auto p = packets.next(bytes, aclk::mqtt::InboundPackets::ReadBy::us)) {
      (p->ours ? seen.ours : seen.others) += text(p->bytes);
      if (!p->ours) continue;
      aclk::fuzz::require(p->head >= 2 && p->head <= p->bytes.size(), "a header has two bytes");
      (void)aclk::mqtt::is_plain_puback(p->body());
      const auto m = aclk::mqtt::parse_publish(p->first(), p->body());
      if (m) aclk::fuzz::require(m->topic.size() + m->payload.size() < p->body().size(), "its parts are inside");
    }
    aclk::fuzz::require(bytes.empty(), "everything is taken");
  }
  return seen;
}

}  // namespace

void aclk::fuzz::fuzz(std::string_view bytes) {
  const std::size_t piece = 1 + choose(bytes, 16);
  const std::span all(reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size());
  mqtt::MqttPacketGuard guard(1000, 1);
  if (!guard.pass(all)) return;
  const auto whole = read(all, std::max<std::size_t>(all.size(), 1));
  const auto pieces = read(all, piece);
  require(whole.ours == pieces.ours && whole.others == pieces.others, "what is whose does not depend on the pieces");
  if (guard.between()) require(whole.ours.size() + whole.others.size() == all.size(), "each byte comes out");
}
