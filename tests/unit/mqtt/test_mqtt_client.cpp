// SPDX-License-Identifier: GPL-3.0-or-later
//
// libmosquitto behind MqttClient, against a broker made of bytes: no socket but its private pipe.
#include <mosquitto.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "aclk/mqtt/mqtt_client.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/mqtt/tests.h"

namespace test_mqtt_client {
using namespace aclk;
using namespace aclk::mqtt;
using namespace std::chrono_literals;

namespace {

// libmosquitto 2.0 passes over a topic alias that the broker may not use; 2.1 refuses it.
constexpr bool kRefusesAlias = LIBMOSQUITTO_VERSION_NUMBER >= 2001000;

using Bytes = std::vector<std::uint8_t>;

struct Rig {
  std::unique_ptr<MqttClient> client;
  std::string log;
  MqttLimits limits;
  std::function<void()> on_message;

  Result<void> make() {
    MqttClient::MqttEvents e;
    e.connack = [this](int r, const MqttLimits &l) {
      log += "connack " + std::to_string(r) + ";";
      limits = l;
    };
    e.suback = [this](int, const std::vector<int> &r) { log += "suback " + std::to_string(r.at(0)) + ";"; };
    e.puback = [this](int mid, int r) { log += "puback " + std::to_string(mid) + " " + std::to_string(r) + ";"; };
    e.message = [this](const std::string &t, const std::string &p, int) {
      log += t + "=" + p.substr(0, 20) + ";";
      if (on_message) on_message();
    };
    e.ended = [this](MqttEnd how, int r, const std::string &) {
      log += "ended " +
             (how == MqttEnd::disconnect     ? std::to_string(r)
              : how == MqttEnd::ping_timeout ? std::string("ping")
              : how == MqttEnd::by_us        ? std::string("by us")
                                             : std::string("-")) +
             ";";
    };
    MqttConnect c;
    c.client_id = "id";
    c.username = "user";
    c.password = "pw";
    c.will_topic = "/will";
    c.will_payload = "gone";
    auto r = MqttClient::make(c, std::move(e), "/tmp");
    if (!r) return tl::unexpected<Error>(r.error());
    client = std::move(*r);
    return {};
  }
  Bytes pull() const {
    Bytes b(1U << 20);
    b.resize(client->pull(b));
    return b;
  }
  void feed(const Bytes &b) const { client->feed(b); }
};

const Bytes kConnack{0x20, 0x03, 0x00, 0x00, 0x00};

// Flags 0xd6: user, password, will QoS 2 not retained, clean start; keep alive 60. libmosquitto always says its Receive
// Maximum: ours is 65535, which is what leaving it out means.
std::string mqtt__connect_packet__is_the_documented_one() {
  Rig r;
  EXPECT(r.make());
  const Bytes want{0x10, 0x2a, 0x00, 0x04, 'M',  'Q',  'T',  'T',  0x05, 0xd6, 0x00, 0x3c, 0x03, 0x21, 0xff,
                   0xff, 0x00, 0x02, 'i',  'd',  0x00, 0x00, 0x05, '/',  'w',  'i',  'l',  'l',  0x00, 0x04,
                   'g',  'o',  'n',  'e',  0x00, 0x04, 'u',  's',  'e',  'r',  0x00, 0x02, 'p',  'w'};
  EXPECT(r.pull() == want);
  return {};
}

std::string mqtt__connack_properties__become_limits() {
  Rig r;
  EXPECT(r.make());
  r.feed({0x20, 0x11, 0x00, 0x00, 0x0e, 0x21, 0x00, 0x0a, 0x22, 0x00, 0x07, 0x27, 0x00, 0x01, 0x00, 0x00, 0x13, 0x00,
          0x1e});
  EXPECT_EQ(r.log, "connack 0;");
  EXPECT_EQ(r.limits.receive_max, 10);
  EXPECT_EQ(r.limits.alias_max, 7);
  EXPECT_EQ(r.limits.max_packet, 65536U);
  EXPECT_EQ(r.limits.keepalive.count(), 30);
  return {};
}

std::string mqtt__connack_without_properties__has_the_defaults_of_mqtt_5() {
  Rig r;
  EXPECT(r.make());
  r.feed(kConnack);
  EXPECT_EQ(r.limits.receive_max, 65535);
  EXPECT_EQ(r.limits.alias_max, 0);
  EXPECT_EQ(r.limits.keepalive.count(), 60);
  return {};
}

std::string mqtt__subscribe_and_publish__have_the_documented_bytes() {
  Rig r;
  EXPECT(r.make());
  (void)r.pull();
  r.feed(kConnack);
  EXPECT(r.client->subscribe("/in"));
  EXPECT((r.pull() == Bytes{0x82, 0x09, 0x00, 0x01, 0x00, 0x00, 0x03, '/', 'i', 'n', 0x09}));
  EXPECT(r.client->publish("/t", 3, std::string("hi")));
  EXPECT((r.pull() == Bytes{0x32, 0x0c, 0x00, 0x02, '/', 't', 0x00, 0x02, 0x03, 0x23, 0x00, 0x03, 'h', 'i'}));
  EXPECT(r.client->publish("", 3, std::string("yo")));
  EXPECT((r.pull() == Bytes{0x32, 0x0a, 0x00, 0x00, 0x00, 0x03, 0x03, 0x23, 0x00, 0x03, 'y', 'o'}));
  r.feed({0x90, 0x04, 0x00, 0x01, 0x00, 0x01});
  r.feed({0x40, 0x02, 0x00, 0x02});
  r.feed({0x40, 0x03, 0x00, 0x03, 0x87});
  EXPECT_EQ(r.log, "connack 0;suback 1;puback 2 0;puback 3 135;");
  return {};
}

std::string mqtt__stream_cut_at_every_byte__reads_the_same() {
  Bytes s = kConnack;
  const Bytes publish{0x32, 0x09, 0x00, 0x02, '/', 'a', 0x00, 0x05, 0x00, 'h', 'i'};
  s.insert(s.end(), publish.begin(), publish.end());
  s.insert(s.end(), publish.begin(), publish.end());
  for (std::size_t step = 1; step <= s.size(); ++step) {
    Rig r;
    EXPECT(r.make());
    for (std::size_t at = 0; at < s.size(); at += step)
      r.client->feed(std::span(s).subspan(at, std::min(step, s.size() - at)));
    EXPECT_EQ(r.log, "connack 0;/a=hi;/a=hi;");
  }
  return {};
}

std::string mqtt__more_than_the_pipe_holds__goes_both_ways_whole() {
  Rig r;
  EXPECT(r.make());
  (void)r.pull();
  r.feed(kConnack);
  const std::string big(5U << 20, 'x');
  EXPECT(r.client->publish("/t", 0, big));
  std::size_t total = 0;
  for (;;) {
    const auto n = r.pull().size();
    if (n == 0) break;
    total += n;
  }
  EXPECT_EQ(total, 5U + 4U + 2U + 1U + big.size());
  Bytes in{0x30, 0x85, 0x80, 0xc0, 0x02, 0x00, 0x02, '/', 'a', 0x00};  // 5 MiB + 5
  in.insert(in.end(), 5U << 20, 'y');
  r.feed(in);
  EXPECT_EQ(r.log, "connack 0;/a=yyyyyyyyyyyyyyyyyyyy;");
  return {};
}

// libmosquitto 2.0.11 aborts the process over a property that it does not know, and loses the packet borders after one
// of type 0.
std::string mqtt__property_nobody_knows_or_too_long__ends_the_connection() {
  const std::vector<Bytes> odd{
      {0x20, 0x05, 0x00, 0x00, 0x02, 0x7f, 0x00},                       // CONNACK
      {0x20, 0x05, 0x00, 0x00, 0x02, 0x00, 0x00},                       // identifier 0
      {0x20, 0x06, 0x00, 0x00, 0x03, 0xa4, 0x00, 0x00},                 // a known one in two bytes
      {0x20, 0x05, 0x00, 0x00, 0x02, 0x21, 0x00},                       // a number longer than the section
      {0x20, 0x09, 0x00, 0x00, 0x06, 0x1f, 0x00, 0x09, 'a', 'b', 'c'},  // a string longer than it
      {0x30, 0x07, 0x00, 0x01, 'a', 0x02, 0x7f, 0x00, 'x'},             // PUBLISH
      {0x32, 0x09, 0x00, 0x01, 'a', 0x00, 0x07, 0x02, 0x7f, 0x00, 'x'},
      {0x40, 0x06, 0x00, 0x02, 0x00, 0x02, 0x7f, 0x00},  // PUBACK
      {0x90, 0x06, 0x00, 0x01, 0x02, 0x7f, 0x00, 0x01},  // SUBACK
      {0xe0, 0x04, 0x00, 0x02, 0x7f, 0x00},              // DISCONNECT
      {0x00, 0x0e, 0x21, 0x00, 0x0a, 0x21, 0xf7, 0x07, 0x27, 0x00, 0x01, 0x00, 0x00, 0x13, 0x00, 0x00, 0x67, 0x01,
       0x00},
      {0xf0, 0x04, 0x18, 0x02, 0x7f, 0x00},  // AUTH
  };
  for (const auto &packet : odd) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, packet.size()}) {
      Rig r;
      EXPECT(r.make());
      if (packet[0] != 0x20) r.feed(kConnack);
      for (std::size_t at = 0; at < packet.size(); at += step)
        r.client->feed(std::span(packet).subspan(at, std::min(step, packet.size() - at)));
      EXPECT_EQ(r.log, packet[0] == 0x20 ? "ended -;" : "connack 0;ended -;");
    }
  }
  return {};
}

std::string mqtt__all_properties_there_are__are_taken() {
  Rig r;
  EXPECT(r.make());
  r.feed(kConnack);
  Bytes properties{0x01, 0x01, 0x02, 0, 0, 0, 9, 0x08, 0, 1, 'r', 0x09, 0, 2, 1, 2, 0x03, 0, 1, 't'};
  const Bytes more{0x26, 0, 1, 'k', 0, 1, 'v', 0x26, 0, 0, 0, 0, 0x0b, 0x81, 0x01};
  const Bytes alias{0x23, 0, 1};
  properties.insert(properties.end(), more.begin(), more.end());
  if (!kRefusesAlias) properties.insert(properties.end(), alias.begin(), alias.end());
  Bytes packet{0x30, static_cast<std::uint8_t>(4 + properties.size() + 2), 0x00, 0x01,
               'a',  static_cast<std::uint8_t>(properties.size())};
  packet.insert(packet.end(), properties.begin(), properties.end());
  packet.insert(packet.end(), {0x7f, 0x7f});  // the payload is nobody's property
  r.feed(packet);
  EXPECT_EQ(r.log, "connack 0;a=\x7f\x7f;");
  return {};
}

// We offer the broker no alias, so it may not use one (MQTT 5, 3.3.2.3.4).
std::string mqtt__alias_that_nobody_offered_beside_a_topic__is_passed_over_or_ends_the_connection() {
  Rig r;
  EXPECT(r.make());
  r.feed(kConnack);
  r.feed({0x30, 0x08, 0x00, 0x01, 'a', 0x03, 0x23, 0x00, 0x01, 'x'});
  EXPECT_EQ(r.log, kRefusesAlias ? "connack 0;ended 148;" : "connack 0;a=x;");
  return {};
}

std::string mqtt__over_the_brokers_maximum__is_refused_and_the_link_lives() {
  Rig r;
  EXPECT(r.make());
  r.feed({0x20, 0x08, 0x00, 0x00, 0x05, 0x27, 0x00, 0x00, 0x00, 0x64});
  EXPECT(r.client->publish("/t", 0, std::string(200, 'x')).error().code == Errc::too_big);
  EXPECT(r.client->publish("/t", 0, std::string("ok")));
  return {};
}

std::string mqtt__server_disconnect__ends_once_with_its_reason() {
  Rig r;
  EXPECT(r.make());
  r.feed(kConnack);
  r.feed({0xe0, 0x01, 0x8e});
  r.feed({0xe0, 0x01, 0x8e});
  EXPECT_EQ(r.log, "connack 0;ended 142;");
  EXPECT(!r.client->publish("/t", 0, std::string("x")));
  return {};
}

std::string mqtt__own_disconnect__writes_it_and_ends_by_us() {
  Rig r;
  EXPECT(r.make());
  (void)r.pull();
  r.feed(kConnack);
  r.client->disconnect();
  EXPECT((r.pull() == Bytes{0xe0, 0x00}));
  EXPECT_EQ(r.log, "connack 0;ended by us;");
  return {};
}

std::string mqtt__own_disconnect_when_nothing_was_left_to_send__is_written() {
  Rig r;
  EXPECT(r.make());
  (void)r.pull();
  r.feed(kConnack);
  EXPECT(r.client->publish("/t", 0, std::string("one")));
  (void)r.pull();
  EXPECT(r.pull().empty());
  r.client->disconnect();
  EXPECT((r.pull() == Bytes{0xe0, 0x00}));
  EXPECT_EQ(r.log, "connack 0;ended by us;");
  return {};
}

std::string mqtt__what_libmosquitto_says__goes_between_two_publishes_and_its_disconnect_last() {
  Rig r;
  EXPECT(r.make());
  (void)r.pull();
  r.feed(kConnack);
  EXPECT(r.client->publish("/t", 0, std::string("one")));
  EXPECT(r.client->publish("/t", 0, std::string("two")));
  Bytes begun(3);
  EXPECT_EQ(r.client->pull(begun), 3U);
  r.feed({0x32, 0x07, 0x00, 0x01, 'a', 0x00, 0x07, 0x00, 'x'});  // to be acknowledged
  r.client->disconnect();
  const Bytes want{'/', 't',  0x00, 0x01, 0x00, 'o', 'n', 'e',  0x32, 0x0a, 0x00, 0x02, '/',
                   't', 0x00, 0x02, 0x00, 't',  'w', 'o', 0x40, 0x02, 0x00, 0x07, 0xe0, 0x00};
  EXPECT_EQ(begun[0], 0x32);
  EXPECT_EQ(begun[1], 0x0a);
  const auto rest = r.pull();
  EXPECT_EQ(rest.size(), want.size() + 1);
  EXPECT(Bytes(rest.begin() + 1, rest.end()) == want);
  EXPECT(!r.client->publish("/t", 0, std::string("late")));
  return {};
}

std::string mqtt__messages_cut_at_every_byte__are_told_and_acknowledged_in_order() {
  Bytes s;
  for (const Bytes &b : {Bytes{0x32, 0x07, 0x00, 0x01, 'a', 0x00, 0x07, 0x00, 'x'}, Bytes{0xd0, 0x00},
                         Bytes{0x30, 0x05, 0x00, 0x01, 'b', 0x00, 'y'}, Bytes{0x90, 0x04, 0x00, 0x01, 0x00, 0x01},
                         Bytes{0x3a, 0x09, 0x00, 0x01, 'c', 0x12, 0x34, 0x02, 0x01, 0x01, 'z'}})
    s.insert(s.end(), b.begin(), b.end());
  for (std::size_t step = 1; step <= s.size(); ++step) {
    Rig r;
    EXPECT(r.make());
    (void)r.pull();
    r.feed(kConnack);
    EXPECT(r.client->subscribe("/in"));
    (void)r.pull();
    for (std::size_t at = 0; at < s.size(); at += step)
      r.client->feed(std::span(s).subspan(at, std::min(step, s.size() - at)));
    EXPECT_EQ(r.log, "connack 0;a=x;b=y;suback 1;c=z;");
    EXPECT((r.pull() == Bytes{0x40, 0x02, 0x00, 0x07, 0x40, 0x02, 0x12, 0x34}));
  }
  return {};
}

std::string mqtt__malformed_message__ends_the_connection_without_being_told() {
  const Bytes odd[] = {
      {0x30, 0x00},                                     // nothing
      {0x30, 0x01, 0x00},                               // half of the topic's length
      {0x30, 0x04, 0x00, 0x03, 'a', 'b'},               // a topic that is longer than the packet
      {0x30, 0x03, 0x00, 0x00, 0x00},                   // no topic
      {0x30, 0x05, 0x00, 0x02, 0xc3, 0x28, 0x00},       // no UTF-8
      {0x30, 0x04, 0x00, 0x01, 0x00, 0x00},             // NUL
      {0x30, 0x03, 0x00, 0x01, 'a'},                    // no properties' length
      {0x30, 0x05, 0x00, 0x01, 'a', 0x02, 0x01},        // properties that are longer than the packet
      {0x32, 0x04, 0x00, 0x01, 'a', 0x00},              // half a packet id
      {0x32, 0x06, 0x00, 0x01, 'a', 0x00, 0x00, 0x00},  // packet id 0
  };
  for (const auto &packet : odd)
    for (const std::size_t step : {std::size_t{1}, packet.size()}) {
      Rig r;
      EXPECT(r.make());
      (void)r.pull();
      r.feed(kConnack);
      for (std::size_t at = 0; at < packet.size(); at += step)
        r.client->feed(std::span(packet).subspan(at, std::min(step, packet.size() - at)));
      EXPECT_EQ(r.log, "connack 0;ended -;");
      EXPECT(r.pull().empty());
    }
  return {};
}

std::string mqtt__acknowledgement_of_ours__goes_before_the_next_publish() {
  Rig r;
  EXPECT(r.make());
  (void)r.pull();
  r.feed(kConnack);
  EXPECT(r.client->publish("/t", 0, std::string(100'000, '1')));
  EXPECT(r.client->publish("/t", 0, std::string("2")));
  Bytes begun(50'000);
  EXPECT_EQ(r.client->pull(begun), begun.size());
  r.feed({0x32, 0x07, 0x00, 0x01, 'a', 0x00, 0x07, 0x00, 'x'});
  const auto rest = r.pull();
  const Bytes end{0x40, 0x02, 0x00, 0x07, 0x32, 0x08, 0x00, 0x02, '/', 't', 0x00, 0x02, 0x00, '2'};
  EXPECT(rest.size() > end.size() && rest[rest.size() - end.size() - 1] == '1');
  EXPECT(Bytes(rest.end() - static_cast<std::ptrdiff_t>(end.size()), rest.end()) == end);
  return {};
}

std::string mqtt__pubacks_cut_at_every_byte__are_told_in_order_with_their_reasons() {
  const Bytes s{0x40, 0x02, 0x00, 0x01, 0x40, 0x03, 0x00, 0x02, 0x10, 0x40,
                0x04, 0x00, 0x03, 0x97, 0x00, 0x40, 0x02, 0x12, 0x34};
  for (std::size_t step = 1; step <= s.size(); ++step) {
    Rig r;
    EXPECT(r.make());
    r.feed(kConnack);
    for (int i = 0; i < 3; ++i) EXPECT(r.client->publish("/t", 0, std::string("x")));
    for (std::size_t at = 0; at < s.size(); at += step)
      r.client->feed(std::span(s).subspan(at, std::min(step, s.size() - at)));
    EXPECT_EQ(r.log, "connack 0;puback 1 0;puback 2 16;puback 3 151;puback 4660 0;");
  }
  return {};
}

std::string mqtt__packet_ids__come_round_and_pass_over_those_in_flight() {
  Rig r;
  EXPECT(r.make());
  r.feed(kConnack);
  EXPECT_EQ(*r.client->publish("/t", 0, std::string("x")), 1);
  for (int id = 2; id <= 65'535; ++id) {
    EXPECT_EQ(*r.client->publish("/t", 0, std::string("x")), id);
    r.feed({0x40, 0x02, static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id & 0xff)});
    if (id % 1000 == 0) (void)r.pull();
  }
  EXPECT_EQ(*r.client->publish("/t", 0, std::string("x")), 2);
  return {};
}

// libmosquitto holds a lock while it tells of a message, which writing one of QoS 0 wants, too.
std::string mqtt__answer_of_qos_0_from_within_a_message__is_sent() {
  Rig r;
  EXPECT(r.make());
  (void)r.pull();
  r.on_message = [&] { (void)r.client->publish("/r", 0, std::string("answer")); };
  r.feed({0x20, 0x05, 0x00, 0x00, 0x02, 0x24, 0x00});
  r.feed({0x30, 0x05, 0x00, 0x01, 'a', 0x00, 'x'});
  EXPECT((r.pull() == Bytes{0x30, 0x0b, 0x00, 0x02, '/', 'r', 0x00, 'a', 'n', 's', 'w', 'e', 'r'}));
  return {};
}

// What is written on the way must not pass for the end of what there is to read.
std::string mqtt__two_messages_at_once_while_nothing_can_be_sent__both_arrive() {
  Rig r;
  EXPECT(r.make());
  r.feed(kConnack);
  EXPECT(r.client->publish("/big", 0, std::string(1 << 20, 'x')));
  Bytes two;
  for (const auto mid : {std::uint8_t{1}, std::uint8_t{2}})
    for (const auto b : Bytes{0x32, 0x07, 0x00, 0x01, 'a', 0x00, mid, 0x00, 'x'}) two.push_back(b);
  r.feed(two);
  EXPECT_EQ(r.log, "connack 0;a=x;a=x;");
  return {};
}

std::string mqtt__what_only_qos_2_or_a_client_says__ends_the_connection() {
  for (const Bytes &b : {Bytes{0x50, 0x02, 0x00, 0x01}, Bytes{0x62, 0x02, 0x00, 0x01}, Bytes{0x70, 0x02, 0x00, 0x01},
                         Bytes{0xc0, 0x00}}) {
    Rig r;
    EXPECT(r.make());
    (void)r.pull();
    r.feed(kConnack);
    r.feed(b);
    EXPECT_EQ(r.log, "connack 0;ended -;");
    EXPECT(r.pull().empty());
  }
  return {};
}

std::string mqtt__acknowledgements_that_the_broker_does_not_take__end_the_connection() {
  Bytes thousand;
  for (int i = 0; i < 1000; ++i) {
    const Bytes publish{0x32, 0x06, 0x00, 0x01, 'a', 0x00, 0x05, 0x00};
    thousand.insert(thousand.end(), publish.begin(), publish.end());
  }
  Rig taken;
  EXPECT(taken.make());
  taken.feed(kConnack);
  for (int i = 0; i < 100; ++i) {
    taken.feed(thousand);
    EXPECT(!taken.pull().empty());
  }
  EXPECT(taken.log.find("ended") == std::string::npos);
  Rig r;
  EXPECT(r.make());
  r.feed(kConnack);
  for (int i = 0; i < 65; ++i) r.feed(thousand);
  EXPECT(r.log.find("ended") == std::string::npos);
  r.feed(thousand);
  EXPECT(r.log.ends_with("ended -;"));
  return {};
}

std::string mqtt__message_of_qos_2__ends_the_connection() {
  Rig r;
  EXPECT(r.make());
  r.feed(kConnack);
  r.feed({0x34, 0x07, 0x00, 0x01, 'a', 0x00, 0x01, 0x00, 'x'});
  EXPECT_EQ(r.log, "connack 0;ended -;");
  return {};
}

// Both forms of reason 0: MQTT 5, 3.14.2.1.
std::string mqtt__server_disconnect_of_reason_0__is_the_brokers() {
  for (const auto &bytes : {Bytes{0xe0, 0x00}, Bytes{0xe0, 0x01, 0x00}, Bytes{0xe0, 0x02, 0x00, 0x00}}) {
    Rig r;
    EXPECT(r.make());
    r.feed(kConnack);
    r.feed(bytes);
    EXPECT_EQ(r.log, "connack 0;ended 0;");
  }
  return {};
}

std::string mqtt__refused_connack__tells_the_reason() {
  Rig r;
  EXPECT(r.make());
  r.feed({0x20, 0x03, 0x00, 0x87, 0x00});
  EXPECT_EQ(r.log.substr(0, 12), "connack 135;");
  return {};
}

std::string mqtt__garbage_or_a_giant__ends_the_connection() {
  for (const auto &bytes : {Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, Bytes{0x30, 0xff, 0xff, 0xff, 0x7f},
                            Bytes{0x00, 0x00}, Bytes{0x30, 0x03, 0x00, 0x09, 'x'}}) {
    Rig r;
    EXPECT(r.make());
    r.feed(kConnack);
    r.feed(bytes);
    EXPECT_EQ(r.log, "connack 0;ended -;");
  }
  return {};
}

std::string mqtt__tick_before_its_time__does_nothing() {
  Rig r;
  EXPECT(r.make());
  (void)r.pull();
  r.feed(kConnack);
  EXPECT(r.client->next_tick() > loop::now() + 40s);
  r.client->tick(loop::now());
  EXPECT(r.pull().empty());
  return {};
}

std::string mqtt__silence__sends_a_ping_and_ends_without_an_answer() {
  Rig r;
  EXPECT(r.make());
  (void)r.pull();
  r.feed(kConnack);
  const auto t = loop::now();
  r.client->tick(t + 46s);
  EXPECT((r.pull() == Bytes{0xc0, 0x00}));
  r.feed({0xd0, 0x00});
  EXPECT_EQ(r.log, "connack 0;");
  r.client->tick(loop::now() + 46s);
  EXPECT((r.pull() == Bytes{0xc0, 0x00}));
  r.client->tick(t + 46s + 61s);
  EXPECT_EQ(r.log, "connack 0;ended ping;");
  return {};
}

// A ping that becomes due while a large packet is on its way waits for the packet's end.
std::string mqtt__ping_while_a_packet_is_half_sent__comes_after_it() {
  Rig r;
  EXPECT(r.make());
  (void)r.pull();
  r.feed(kConnack);
  EXPECT(r.client->publish("/t", 0, std::string(1000, 'x')));
  Bytes half(500);
  EXPECT_EQ(r.client->pull(half), 500U);
  r.client->tick(loop::now() + 46s);
  const auto rest = r.pull();
  EXPECT_EQ(rest.size(), 1000U + 3 + 4 + 2 + 1 - 500 + 2);
  EXPECT((Bytes(rest.end() - 2, rest.end()) == Bytes{0xc0, 0x00}));
  EXPECT_EQ(rest[rest.size() - 3], 'x');
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(mqtt__connect_packet__is_the_documented_one),
    ACLK_TEST(mqtt__connack_properties__become_limits),
    ACLK_TEST(mqtt__connack_without_properties__has_the_defaults_of_mqtt_5),
    ACLK_TEST(mqtt__subscribe_and_publish__have_the_documented_bytes),
    ACLK_TEST(mqtt__stream_cut_at_every_byte__reads_the_same),
    ACLK_TEST(mqtt__more_than_the_pipe_holds__goes_both_ways_whole),
    ACLK_TEST(mqtt__alias_that_nobody_offered_beside_a_topic__is_passed_over_or_ends_the_connection),
    ACLK_TEST(mqtt__over_the_brokers_maximum__is_refused_and_the_link_lives),
    ACLK_TEST(mqtt__server_disconnect__ends_once_with_its_reason),
    ACLK_TEST(mqtt__own_disconnect__writes_it_and_ends_by_us),
    ACLK_TEST(mqtt__own_disconnect_when_nothing_was_left_to_send__is_written),
    ACLK_TEST(mqtt__server_disconnect_of_reason_0__is_the_brokers),
    ACLK_TEST(mqtt__what_libmosquitto_says__goes_between_two_publishes_and_its_disconnect_last),
    ACLK_TEST(mqtt__messages_cut_at_every_byte__are_told_and_acknowledged_in_order),
    ACLK_TEST(mqtt__malformed_message__ends_the_connection_without_being_told),
    ACLK_TEST(mqtt__acknowledgement_of_ours__goes_before_the_next_publish),
    ACLK_TEST(mqtt__pubacks_cut_at_every_byte__are_told_in_order_with_their_reasons),
    ACLK_TEST(mqtt__packet_ids__come_round_and_pass_over_those_in_flight),
    ACLK_TEST(mqtt__answer_of_qos_0_from_within_a_message__is_sent),
    ACLK_TEST(mqtt__two_messages_at_once_while_nothing_can_be_sent__both_arrive),
    ACLK_TEST(mqtt__what_only_qos_2_or_a_client_says__ends_the_connection),
    ACLK_TEST(mqtt__acknowledgements_that_the_broker_does_not_take__end_the_connection),
    ACLK_TEST(mqtt__message_of_qos_2__ends_the_connection),
    ACLK_TEST(mqtt__refused_connack__tells_the_reason),
    ACLK_TEST(mqtt__garbage_or_a_giant__ends_the_connection),
    ACLK_TEST(mqtt__property_nobody_knows_or_too_long__ends_the_connection),
    ACLK_TEST(mqtt__all_properties_there_are__are_taken),
    ACLK_TEST(mqtt__tick_before_its_time__does_nothing),
    ACLK_TEST(mqtt__silence__sends_a_ping_and_ends_without_an_answer),
    ACLK_TEST(mqtt__ping_while_a_packet_is_half_sent__comes_after_it),
};

}  // namespace
}  // namespace test_mqtt_client

int run_mqtt_client_tests() {
  return cmocka_run_group_tests_name("mqtt_client", test_mqtt_client::tests, nullptr, nullptr);
}
