// SPDX-License-Identifier: GPL-3.0-or-later
//
// MQTT packet borders (aclk/mqtt/mqtt_packet_guard.h). First byte: how large the pieces are. However a stream is
// cut, the verdict is the same.
#include "aclk/mqtt/mqtt_packet_guard.h"

#include <algorithm>

#include "tests/fuzz/fuzz.h"

void aclk::fuzz::fuzz(std::string_view bytes) {
  constexpr std::size_t kLargest = 1000;
  const std::size_t piece = 1 + choose(bytes, 16);
  const std::span all(reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size());
  mqtt::MqttPacketGuard whole(kLargest);
  mqtt::MqttPacketGuard pieces(kLargest);
  const bool wanted = whole.pass(all);
  bool got = true;
  for (std::size_t at = 0; got && at < all.size(); at += piece)
    got = pieces.pass(all.subspan(at, std::min(piece, all.size() - at)));
  require(got == wanted, "the verdict does not depend on the pieces");
  require(pieces.packets() == whole.packets(), "nor does the count");
  require(whole.packets() * 2 <= bytes.size() + 1, "a header has two bytes");
}
