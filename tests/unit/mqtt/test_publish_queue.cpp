// SPDX-License-Identifier: GPL-3.0-or-later
//
// PUBLISH packets of ours: the bytes of MQTT 5, 3.3, taken in any pieces; whose memory they are.
#include <cstdint>
#include <string>
#include <vector>

#include "aclk/mqtt/mqtt_packet_guard.h"
#include "aclk/mqtt/outgoing_frames.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/mqtt/tests.h"

namespace test_publish_queue {
using namespace aclk::mqtt;

namespace {

std::string all_of(PublishQueue &queue, std::size_t piece) {
  std::string out;
  std::vector<std::uint8_t> into(piece);
  while (const auto n = queue.take(into)) out.append(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(n));
  return out;
}

std::string head__of_each_form__has_the_bytes_of_mqtt_5() {
  using namespace std::string_literals;
  EXPECT_EQ(publish_head({.topic = "/t", .alias = 0, .packet_id = 0x0102}, 2), "\x32\x09\x00\x02/t\x01\x02\x00"s);
  EXPECT_EQ(publish_head({.topic = "/t", .alias = 0, .packet_id = 0}, 2), "\x30\x07\x00\x02/t\x00"s);
  EXPECT_EQ(publish_head({.topic = "/t", .alias = 0x0304, .packet_id = 1}, 0),
            "\x32\x0a\x00\x02/t\x00\x01\x03\x23\x03\x04"s);
  EXPECT_EQ(publish_head({.topic = "", .alias = 9, .packet_id = 1}, 0), "\x32\x08\x00\x00\x00\x01\x03\x23\x00\x09"s);
  return {};
}

std::string head__length_at_its_borders__is_as_long_as_mqtt_wants_it() {
  struct Row {
    std::size_t payload;
    std::string length;
  };
  // With "/t" seven bytes come between length and payload.
  for (const auto &row :
       {Row{120, "\x7f"}, Row{121, "\x80\x01"}, Row{16'376, "\xff\x7f"}, Row{16'377, "\x80\x80\x01"},
        Row{2'097'144, "\xff\xff\x7f"}, Row{2'097'145, "\x80\x80\x80\x01"}, Row{268'435'448, "\xff\xff\xff\x7f"}})
    EXPECT_EQ(publish_head({.topic = "/t", .alias = 0, .packet_id = 1}, row.payload).substr(1, row.length.size()),
              row.length);
  return {};
}

std::string queue__taken_in_pieces_of_any_size__gives_the_same_packets() {
  const auto fill = [](PublishQueue &q) {
    std::string want;
    std::uint16_t id = 0;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{300}, std::size_t{20'000}}) {
      const std::string payload(size, static_cast<char>('a' + id));
      auto head = publish_head({.topic = "/topic", .alias = 0, .packet_id = ++id}, size);
      want += head + payload;
      q.push(std::move(head), payload);
    }
    return want;
  };
  for (const std::size_t piece : {1U, 2U, 7U, 11U, 12U, 13U, 16'384U, 100'000U}) {
    PublishQueue q;
    const auto want = fill(q);
    const auto got = all_of(q, piece);
    EXPECT(got == want);
    EXPECT(!q.begun());
    MqttPacketGuard guard(SIZE_MAX);
    EXPECT(guard.pass({reinterpret_cast<const std::uint8_t *>(got.data()), got.size()}));
    EXPECT(guard.between());
    EXPECT_EQ(guard.publishes(), 4U);
  }
  return {};
}

std::string queue__never_gives_two_packets_at_once__so_that_others_fit_between() {
  PublishQueue q;
  for (int i = 0; i < 2; ++i) q.push("head", std::string("payload"));
  std::vector<std::uint8_t> into(100);
  EXPECT_EQ(q.take(std::span(into).first(5)), 5U);
  EXPECT(q.begun());
  EXPECT_EQ(q.take(into), 6U);
  EXPECT(!q.begun());
  EXPECT_EQ(q.take(into), 11U);
  EXPECT_EQ(q.take(into), 0U);
  return {};
}

std::string queue__lent_payload__goes_back_when_its_last_byte_is_taken() {
  std::string memory = "lent";
  int back = 0;
  PublishQueue q;
  q.push("head", aclk::Bytes(aclk::Bytes::Loan{memory.data(), memory.size(), 0,
                                               [](void *n) { ++*static_cast<int *>(n); }, &back}));
  std::vector<std::uint8_t> into(7);
  EXPECT_EQ(q.take(into), 7U);
  EXPECT_EQ(back, 0);
  EXPECT_EQ(q.take(into), 1U);
  EXPECT_EQ(back, 1);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(head__of_each_form__has_the_bytes_of_mqtt_5),
    ACLK_TEST(head__length_at_its_borders__is_as_long_as_mqtt_wants_it),
    ACLK_TEST(queue__taken_in_pieces_of_any_size__gives_the_same_packets),
    ACLK_TEST(queue__never_gives_two_packets_at_once__so_that_others_fit_between),
    ACLK_TEST(queue__lent_payload__goes_back_when_its_last_byte_is_taken),
};

}  // namespace
}  // namespace test_publish_queue

int run_publish_queue_tests() {
  return cmocka_run_group_tests_name("publish queue", test_publish_queue::kTests, nullptr, nullptr);
}
