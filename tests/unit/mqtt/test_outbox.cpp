// SPDX-License-Identifier: GPL-3.0-or-later
#include <vector>

#include "aclk/mqtt/mqtt_packet_guard.h"
#include "aclk/mqtt/outbox.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/mqtt/tests.h"

namespace test_outbox {
using namespace aclk;
using namespace aclk::mqtt;
using namespace std::chrono_literals;

namespace {

const loop::Instant t0{};

MqttLimits limits(std::uint16_t receive_max, std::uint16_t alias_max, std::uint32_t max_packet = 1U << 20) {
  MqttLimits l;
  l.receive_max = receive_max;
  l.alias_max = alias_max;
  l.max_packet = max_packet;
  return l;
}

// What became of the messages, in order: "a=acked".
struct Log {
  std::string text;
  Outgoing message(std::string payload, Priority p = Priority::bulk, std::string topic = "/t") {
    Outgoing m;
    m.topic = std::move(topic);
    m.payload = payload;
    m.priority = p;
    m.done = [this, payload](Delivery d, int) {
      static constexpr const char *kNames[] = {"acked", "refused", "too_big", "full", "lost"};
      text += payload.substr(0, 1) + "=" + kNames[static_cast<int>(d)] + " ";
    };
    return m;
  }
};

// Publishes all that may go; mids count up from `mid`. Returns "topic|alias|payload " for each.
std::string drain(Outbox &o, int &mid, loop::Instant now = t0) {
  std::string s;
  while (auto p = o.next()) {
    s += p->topic + "|" + std::to_string(p->alias) + "|" + std::string(p->payload.view()) + " ";
    o.published(p->ticket, mid++, now);
  }
  return s;
}

std::string outbox__before_connack__gives_nothing() {
  Outbox o;
  Log log;
  EXPECT(o.push(log.message("a")));
  EXPECT(!o.next());
  o.open(limits(10, 0));
  EXPECT(o.next().has_value());
  return {};
}

std::string outbox__different_priorities__control_then_replies_then_bulk() {
  Outbox o;
  Log log;
  int mid = 1;
  o.push(log.message("b"));
  o.push(log.message("r", Priority::reply));
  o.push(log.message("c", Priority::control));
  o.push(log.message("d", Priority::control));
  o.open(limits(10, 0));
  EXPECT_EQ(drain(o, mid), "/t|0|c /t|0|d /t|0|r /t|0|b ");
  return {};
}

std::string outbox__receive_maximum_of_one__one_at_a_time() {
  Outbox o;
  Log log;
  int mid = 1;
  o.open(limits(1, 0));
  o.push(log.message("a"));
  o.push(log.message("b"));
  EXPECT_EQ(drain(o, mid), "/t|0|a ");
  EXPECT(o.puback(1, 0, t0));
  EXPECT_EQ(drain(o, mid), "/t|0|b ");
  EXPECT_EQ(o.in_flight(), 1U);
  return {};
}

std::string outbox__alias_maximum__first_with_topic_then_alone_and_never_more_than_allowed() {
  Outbox o;
  Log log;
  int mid = 1;
  o.open(limits(100, 1));
  o.push(log.message("a", Priority::bulk, "/x"));
  o.push(log.message("b", Priority::bulk, "/y"));
  o.push(log.message("c", Priority::bulk, "/x"));
  o.push(log.message("d", Priority::bulk, "/y"));
  auto reply = log.message("e", Priority::bulk, "/svc");
  reply.alias = Alias::none;
  o.push(std::move(reply));
  EXPECT_EQ(drain(o, mid), "/x|1|a /y|0|b |1|c /y|0|d /svc|0|e ");
  return {};
}

std::string outbox__alias_maximum_zero__no_alias() {
  Outbox o;
  Log log;
  int mid = 1;
  o.open(limits(100, 0));
  o.push(log.message("a"));
  o.push(log.message("b"));
  EXPECT_EQ(drain(o, mid), "/t|0|a /t|0|b ");
  return {};
}

std::string outbox__new_connection__aliases_begin_anew_with_their_topics() {
  Outbox o;
  Log log;
  int mid = 1;
  o.open(limits(100, 5));
  o.push(log.message("a"));
  EXPECT_EQ(drain(o, mid), "/t|1|a ");
  o.lost();
  EXPECT_EQ(log.text, "a=lost ");
  o.push(log.message("b"));
  EXPECT(!o.next());
  o.open(limits(100, 5));
  EXPECT_EQ(drain(o, mid), "/t|1|b ");
  return {};
}

std::string outbox__failed_publish__its_new_alias_was_never_told() {
  Outbox o;
  Log log;
  int mid = 1;
  o.open(limits(100, 5));
  o.push(log.message("a"));
  const auto p = o.next();
  o.failed(p->ticket, Delivery::too_big);
  o.push(log.message("b"));
  EXPECT_EQ(drain(o, mid), "/t|1|b ");
  EXPECT_EQ(log.text, "a=too_big ");
  return {};
}

std::string outbox__larger_than_the_broker_takes__refused_before_and_after_connack() {
  Outbox o;
  Log log;
  int mid = 1;
  o.push(log.message("a" + std::string(2000, 'x')));
  o.push(log.message("b"));
  o.open(limits(10, 0, 1000));
  EXPECT_EQ(drain(o, mid), "/t|0|b ");
  EXPECT(!o.push(log.message("c" + std::string(2000, 'x'))));
  EXPECT_EQ(log.text, "a=too_big c=too_big ");
  // The border: fixed header 2+1, topic 2+2, id 2, properties 1+3, payload.
  EXPECT(o.push(log.message(std::string(1000 - 3 - 4 - 2 - 4, 'x'))));
  EXPECT(!o.push(log.message(std::string(1001 - 3 - 4 - 2 - 4, 'x'))));
  return {};
}

std::string outbox__full__refuses_bulk_but_not_control() {
  Outbox o({2, 100, 100, 1000});
  Log log;
  EXPECT(o.push(log.message("a")));
  EXPECT(!o.push(log.message("b" + std::string(200, 'x'))));
  EXPECT(o.push(log.message("c")));
  EXPECT(!o.push(log.message("d")));
  EXPECT(o.push(log.message("e", Priority::control)));
  EXPECT_EQ(log.text, "b=full d=full ");
  EXPECT_EQ(o.waiting(), 3U);
  return {};
}

std::string outbox__window_of_bytes__one_large_message_goes_alone() {
  Outbox o({100, 10'000, 100, 100});
  Log log;
  int mid = 1;
  o.open(limits(100, 0));
  o.push(log.message(std::string(90, 'a')));
  o.push(log.message(std::string(500, 'b')));
  o.push(log.message("c"));
  EXPECT_EQ(drain(o, mid).substr(0, 7), "/t|0|aa");
  EXPECT_EQ(o.in_flight(), 1U);
  o.puback(1, 0, t0);
  EXPECT_EQ(drain(o, mid).substr(0, 7), "/t|0|bb");
  EXPECT_EQ(o.in_flight(), 1U);
  o.puback(2, 0, t0);
  EXPECT_EQ(drain(o, mid), "/t|0|c ");
  return {};
}

// As long as the socket takes nothing, what is handed out stays within its bound, however much waits.
std::string outbox__slow_line__hands_out_a_little_at_a_time_and_control_comes_next() {
  Outbox o;
  Log log;
  int mid = 1;
  o.open(limits(100, 0));
  for (int i = 0; i < 50; ++i) o.push(log.message(std::string(5'000, 'b')));
  (void)drain(o, mid);
  EXPECT(o.unsent_bytes() == 15'000U && o.in_flight() == 3U);
  o.push(log.message("c", Priority::control));
  EXPECT(o.next().has_value());  // it is small enough
  return {};
}

std::string outbox__control_behind_bulk__overtakes_all_that_is_not_handed_out() {
  Outbox o({.unsent_bytes = 10'000});
  Log log;
  int mid = 1;
  o.open(limits(100, 0));
  for (int i = 0; i < 50; ++i) o.push(log.message(std::string(5'000, 'b')));
  (void)drain(o, mid);
  EXPECT_EQ(o.unsent_bytes(), 10'000U);
  o.push(log.message("c", Priority::control));
  EXPECT(!o.next());  // no room: it would stand behind what is handed out, and so may wait here
  o.sent(1, t0);
  EXPECT(drain(o, mid).starts_with("/t|0|c "));
  EXPECT(o.unsent_bytes() <= 10'000U);
  return {};
}

std::string outbox__message_larger_than_the_bound__goes_alone_when_all_before_it_has_left() {
  Outbox o({.unsent_bytes = 100});
  Log log;
  int mid = 1;
  o.open(limits(100, 0));
  o.push(log.message("a"));
  o.push(log.message(std::string(1'000, 'b')));
  o.push(log.message("c"));
  EXPECT_EQ(drain(o, mid), "/t|0|a ");
  o.sent(1, t0);
  EXPECT_EQ(drain(o, mid), "/t|0|" + std::string(1'000, 'b') + " ");
  EXPECT_EQ(drain(o, mid), "");
  o.sent(2, t0);
  EXPECT_EQ(drain(o, mid), "/t|0|c ");
  return {};
}

std::string outbox__qos_0__counts_as_unsent_until_it_has_left() {
  Outbox o({.unsent_bytes = 3});
  Log log;
  o.open(limits(100, 0));
  o.push(log.message("aa"));
  o.push(log.message("bb"));
  const auto p = o.next();
  EXPECT(p);
  o.published(p->ticket, 0, t0);
  EXPECT_EQ(o.unsent_bytes(), 2U);
  EXPECT(!o.next());
  o.sent(1, t0);
  EXPECT(o.next().has_value());
  return {};
}

std::string outbox__pubacks__known_unknown_and_refusing() {
  Outbox o;
  Log log;
  int mid = 1;
  o.open(limits(100, 0));
  o.push(log.message("a"));
  o.push(log.message("b"));
  drain(o, mid);
  std::chrono::microseconds latency{};
  EXPECT(o.puback(2, 0x87, t0 + 3ms, &latency));
  EXPECT_EQ(latency.count(), 3000);
  EXPECT(!o.puback(2, 0, t0));
  EXPECT(!o.puback(77, 0, t0));
  EXPECT(o.puback(1, 16, t0));  // no matching subscribers is success
  EXPECT_EQ(log.text, "b=refused a=acked ");
  EXPECT_EQ(o.acked(), 1U);
  return {};
}

std::string outbox__ack_deadline__follows_the_acknowledgements() {
  Outbox o;
  Log log;
  int mid = 1;
  o.open(limits(100, 0));
  EXPECT(!o.ack_deadline(60s));
  o.push(log.message("a"));
  drain(o, mid, t0);
  o.push(log.message("b"));
  drain(o, mid, t0 + 5s);
  EXPECT(o.ack_deadline(60s) == t0 + 60s);
  o.puback(1, 0, t0 + 6s);
  EXPECT(o.ack_deadline(60s) == t0 + 65s);
  o.puback(2, 0, t0 + 6s);
  EXPECT(!o.ack_deadline(60s));
  return {};
}

std::string outbox__ack_deadline__is_of_the_oldest_unless_others_still_come_but_not_for_ever() {
  Outbox o;
  Log log;
  int mid = 1;
  o.open(limits(100, 0));
  EXPECT(!o.ack_deadline(60s));
  for (const char *m : {"a", "b", "c"}) o.push(log.message(m));
  drain(o, mid, t0);
  EXPECT(o.ack_deadline(60s) == t0 + 60s);
  o.sent(3, t0);
  o.puback(2, 0, t0 + 50s);  // the line is slow, not dead
  EXPECT(o.ack_deadline(60s) == t0 + 110s);
  o.puback(3, 0, t0 + 290s);  // everything but this one is acknowledged: it never will be
  EXPECT(o.ack_deadline(60s) == t0 + 300s);
  o.puback(1, 0, t0 + 291s);
  EXPECT(!o.ack_deadline(60s));
  o.push(log.message("d"));
  drain(o, mid, t0 + 1000s);
  EXPECT(o.ack_deadline(60s) == t0 + 1060s);
  return {};
}

// 750 KB at 8 KB/s take longer than any PUBACK may.
std::string outbox__ack_deadline__begins_when_the_message_has_left() {
  Outbox o;
  Log log;
  int mid = 1;
  o.open(limits(100, 0));
  for (const char *m : {"long", "b"}) o.push(log.message(m));
  drain(o, mid, t0);
  o.sent(0, t0 + 50s);
  EXPECT(o.ack_deadline(60s) == t0 + 110s);  // nothing more goes out: dead
  o.sent(0, t0 + 400s);
  EXPECT(o.ack_deadline(60s) == t0 + 460s);
  o.sent(1, t0 + 410s);
  EXPECT(o.ack_deadline(60s) == t0 + 470s);
  o.sent(1, t0 + 420s);
  EXPECT(o.ack_deadline(60s) == t0 + 470s);
  o.puback(1, 0, t0 + 430s);
  EXPECT(o.ack_deadline(60s) == t0 + 480s);  // of b, which is leaving since 420
  o.sent(2, t0 + 440s);
  EXPECT(o.ack_deadline(60s) == t0 + 500s);
  return {};
}

std::string outbox__lost__everything_ends_once_in_order_of_sending() {
  Outbox o;
  Log log;
  int mid = 1;
  o.open(limits(2, 0));
  for (const auto *p : {"a", "b", "c"}) o.push(log.message(p));
  drain(o, mid);
  o.push(log.message("d", Priority::control));
  o.lost();
  EXPECT_EQ(log.text, "a=lost b=lost d=lost c=lost ");
  EXPECT_EQ(o.waiting() + o.in_flight() + o.waiting_bytes(), 0U);
  return {};
}

std::string outbox__qos_0__counts_as_delivered_at_once() {
  Outbox o;
  Log log;
  o.open(limits(1, 0));
  o.push(log.message("a"));
  o.push(log.message("b"));
  o.published(o.next()->ticket, 0, t0);
  o.published(o.next()->ticket, 0, t0);
  EXPECT_EQ(log.text, "a=acked b=acked ");
  return {};
}

std::string meter__any_split__counts_packets_and_refuses_large_or_malformed_ones() {
  // PINGRESP, PUBLISH of 300 bytes, PUBACK
  std::vector<std::uint8_t> s{0xd0, 0x00, 0x30, 0xac, 0x02};
  s.insert(s.end(), 300, 7);
  s.insert(s.end(), {0x40, 0x02, 0x00, 0x01});
  for (std::size_t step = 1; step <= s.size(); ++step) {
    MqttPacketGuard m(300);
    for (std::size_t at = 0; at < s.size(); at += step)
      EXPECT(m.pass(std::span(s).subspan(at, std::min(step, s.size() - at))));
    EXPECT_EQ(m.packets(), 3U);
  }
  EXPECT(!MqttPacketGuard(299).pass(s));
  const std::vector<std::uint8_t> five{0x30, 0xff, 0xff, 0xff, 0xff, 0x01};
  EXPECT(!MqttPacketGuard(1U << 30).pass(five));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(outbox__before_connack__gives_nothing),
    ACLK_TEST(outbox__different_priorities__control_then_replies_then_bulk),
    ACLK_TEST(outbox__receive_maximum_of_one__one_at_a_time),
    ACLK_TEST(outbox__alias_maximum__first_with_topic_then_alone_and_never_more_than_allowed),
    ACLK_TEST(outbox__alias_maximum_zero__no_alias),
    ACLK_TEST(outbox__new_connection__aliases_begin_anew_with_their_topics),
    ACLK_TEST(outbox__failed_publish__its_new_alias_was_never_told),
    ACLK_TEST(outbox__larger_than_the_broker_takes__refused_before_and_after_connack),
    ACLK_TEST(outbox__full__refuses_bulk_but_not_control),
    ACLK_TEST(outbox__window_of_bytes__one_large_message_goes_alone),
    ACLK_TEST(outbox__slow_line__hands_out_a_little_at_a_time_and_control_comes_next),
    ACLK_TEST(outbox__control_behind_bulk__overtakes_all_that_is_not_handed_out),
    ACLK_TEST(outbox__message_larger_than_the_bound__goes_alone_when_all_before_it_has_left),
    ACLK_TEST(outbox__qos_0__counts_as_unsent_until_it_has_left),
    ACLK_TEST(outbox__pubacks__known_unknown_and_refusing),
    ACLK_TEST(outbox__ack_deadline__follows_the_acknowledgements),
    ACLK_TEST(outbox__ack_deadline__begins_when_the_message_has_left),
    ACLK_TEST(outbox__ack_deadline__is_of_the_oldest_unless_others_still_come_but_not_for_ever),
    ACLK_TEST(outbox__lost__everything_ends_once_in_order_of_sending),
    ACLK_TEST(outbox__qos_0__counts_as_delivered_at_once),
    ACLK_TEST(meter__any_split__counts_packets_and_refuses_large_or_malformed_ones),
};

}  // namespace
}  // namespace test_outbox

int run_outbox_tests() { return cmocka_run_group_tests_name("outbox", test_outbox::tests, nullptr, nullptr); }
