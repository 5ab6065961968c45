// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a broker sends, in any pieces, into the real libmosquitto (aclk/mqtt/mqtt_client.h): whatever it is, the
// client ends at most once and the process lives. First byte: how large the pieces are, and whether a CONNACK comes
// before them.
#include <algorithm>
#include <array>

#include "aclk/mqtt/mqtt_client.h"
#include "tests/fuzz/fuzz.h"

void aclk::fuzz::fuzz(std::string_view bytes) {
  constexpr std::array<std::uint8_t, 5> kConnack{0x20, 0x03, 0x00, 0x00, 0x00};
  const std::size_t chosen = choose(bytes, 32);
  const std::size_t piece = chosen < 16 ? 4096 : chosen - 15;
  int ends = 0;
  mqtt::MqttClient::MqttEvents e;
  e.connack = [](int, const mqtt::MqttLimits &) {};
  e.suback = [](int, const std::vector<int> &) {};
  e.puback = [](int, int) {};
  e.message = [](const std::string &, const std::string &, int) {};
  e.ended = [&ends](mqtt::MqttEnd, int, const std::string &) { ++ends; };
  mqtt::MqttConnect c;
  c.client_id = "id";
  c.username = "user";
  c.password = "password";
  const auto client = mqtt::MqttClient::make(c, std::move(e), "/tmp");
  require(client.has_value(), "there is a client");
  if (chosen % 2 == 1) {
    (*client)->feed(kConnack);
    (void)(*client)->publish("/t", 0, std::string("x"));
  }
  const std::span all(reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size());
  for (std::size_t at = 0; at < all.size(); at += piece)
    (*client)->feed(all.subspan(at, std::min(piece, all.size() - at)));
  require(ends <= 1, "it ends once");
}
