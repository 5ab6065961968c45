// SPDX-License-Identifier: GPL-3.0-or-later
//
// Bytes that no honest cloud sends.
#include <cstdint>
#include <random>
#include <string>

#include "proto/commands.h"
#include "tests/proto/upward_messages.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/proto/codecs.h"
#include "tests/unit/proto/golden.h"
#include "tests/unit/proto/tests.h"

namespace test_hostile {
using namespace aclk::proto;
using aclk::proto::test::Codec;

namespace {

template <class Try>
std::string each_codec(Try &&attempt) {
  for (const auto &c : test::kInbound)
    if (auto why = attempt(c); !why.empty()) return why;
  for (const auto &c : test::kOutbound)
    if (auto why = attempt(c); !why.empty()) return why;
  return {};
}

std::string stable(const Codec &c, const std::string &bytes) {
  const auto r = c.reencode(bytes);
  return r && !r->stable ? std::string(c.name) + ": encoded again it is another message" : "";
}

std::string random__bytes__give_a_value_or_nothing() {
  std::mt19937 random(20260101);  // NOLINT(cert-msc51-cpp): the same bytes each time
  return each_codec([&](const Codec &c) -> std::string {
    for (int i = 0; i < 500; ++i) {
      std::string bytes(random() % 200, '\0');
      for (auto &b : bytes) b = static_cast<char>(random());
      if (auto why = stable(c, bytes); !why.empty()) return why;
    }
    return {};
  });
}

std::string random__change_in_a_captured_message__gives_a_value_or_nothing() {
  std::mt19937 random(42);  // NOLINT(cert-msc51-cpp)
  for (const auto &c : test::captured()) {
    const int rounds = c.bytes.size() > 10'000 ? 20 : 300;
    for (int i = 0; i < rounds; ++i) {
      auto bytes = c.bytes;
      for (auto n = 1 + random() % 4; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
      if (auto why = stable(*test::find(c.message), bytes); !why.empty()) return why;
    }
  }
  return {};
}

std::string decode__over_its_limit__is_nothing() {
  const auto padded = [](std::size_t size) {  // one unknown field, number 1000
    const auto n = size - 6;
    std::string s = "\xc2\x3e";
    for (int shift = 0; shift < 28; shift += 7)
      s += static_cast<char>((shift < 21 ? 0x80U : 0U) | (n >> shift & 0x7fU));
    return s + std::string(n, 'x');
  };
  EXPECT(decode_send_node_instances(padded(kMaxCommand)).has_value());
  EXPECT(!decode_send_node_instances(padded(kMaxCommand + 1)).has_value());
  EXPECT(decode_update_agent_connection(padded(kMaxAgent)).has_value());
  EXPECT(!decode_update_agent_connection(padded(kMaxAgent + 1)).has_value());
  EXPECT(decode_update_node_info(padded(kMaxNodeInfo)).has_value());
  EXPECT(!decode_update_node_info(padded(kMaxNodeInfo + 1)).has_value());
  EXPECT(decode_alarm_log_entry(padded(kMaxAlarm)).has_value());
  EXPECT(!decode_alarm_log_entry(padded(kMaxAlarm + 1)).has_value());
  return {};
}

// Two bytes on the wire, 350 in memory: 8 MiB of them would be 1.4 GB.
std::string decode__many_empty_entries__is_nothing() {
  std::string bytes;
  for (int i = 0; i < 1'000'000; ++i) bytes.append("\x3a\x00", 2);
  EXPECT(!decode_alarm_snapshot(bytes).has_value());
  bytes.clear();
  for (int i = 0; i < 200'000; ++i) bytes.append("\x0a\x00", 2);
  EXPECT(!decode_contexts_updated(bytes).has_value());
  return {};
}

std::string decode__largest_honest_messages__are_values() {
  AlarmSnapshot snapshot;
  for (int i = 0; i < 1000; ++i) {
    AlarmLogEntry a;
    a.node_id = a.claim_id = a.config_hash = a.transition_id = "72302eed-605a-4336-b3f8-c31863eb3b83";
    a.name = a.chart = a.chart_name = a.chart_context = a.conf_source = "x";
    a.when = a.alert_version = 1'795'202'743;
    snapshot.alarms.push_back(encode(a));
  }
  EXPECT(decode_alarm_snapshot(encode(snapshot)) == snapshot);
  ContextsUpdated updated;
  updated.context_updates.resize(5000);
  for (auto &c : updated.context_updates) {
    c.id = "a.b";
    c.version = 1'795'202'743;
    c.first_entry = 1'795'202'735;
  }
  EXPECT(decode_contexts_updated(encode(updated)) == updated);
  UpdateNodeCollectors collectors;
  collectors.collectors.resize(2000, {"", "go.d"});
  EXPECT(decode_update_node_collectors(encode(collectors)) == collectors);
  return {};
}

std::string decode__text_that_is_not_utf8__is_nothing() {
  for (const std::string bad : {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    const std::string bytes = "\x0a" + std::string(1, static_cast<char>(bad.size())) + bad;
    EXPECT(!decode_send_alarm_configuration(bytes).has_value());
    EXPECT(!decode_contexts_checkpoint(bytes).has_value());
  }
  const std::string good = "\xf0\x9f\x98\x80 \xe2\x82\xac \xc3\xa4";
  const auto m = decode_send_alarm_configuration("\x0a" + std::string(1, static_cast<char>(good.size())) + good);
  EXPECT(m && m->config_hash == good);
  return {};
}

std::string decode__unknown_fields__are_skipped() {
  SendAlarmCheckpoint m{.node_id = "n", .claim_id = "c", .version = 7};
  // Numbers 200 (varint), 201 (64 bit), 202 (length), 203 (32 bit).
  const std::string unknown(
      "\xc0\x0c\x05\xc9\x0c"
      "12345678"
      "\xd2\x0c\x03"
      "abc"
      "\xdd\x0c"
      "1234",
      25);
  EXPECT(decode_send_alarm_checkpoint(unknown + encode(m) + unknown) == m);
  return {};
}

std::string decode__field_of_another_type__changes_no_value() {
  // node_id (text) as a varint: another schema's field with the same number.
  const auto m =
      decode_send_alarm_checkpoint(std::string("\x08\x05\x12\x01"
                                               "c",
                                               5));
  EXPECT(!m || m->node_id.empty());
  return {};
}

std::string decode__numbers_that_no_enum_has__are_the_default() {
  const auto a =
      decode_alarm_log_entry(std::string("\x88\x01\x63\x90\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 15));
  EXPECT(a && a->status == AlarmStatus::null && a->old_status == AlarmStatus::null);
  const auto c = decode_update_agent_connection("\x20\x7f");
  EXPECT(c && c->update_source == UpdateSource::unspecified);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(random__bytes__give_a_value_or_nothing),
    ACLK_TEST(random__change_in_a_captured_message__gives_a_value_or_nothing),
    ACLK_TEST(decode__over_its_limit__is_nothing),
    ACLK_TEST(decode__many_empty_entries__is_nothing),
    ACLK_TEST(decode__largest_honest_messages__are_values),
    ACLK_TEST(decode__text_that_is_not_utf8__is_nothing),
    ACLK_TEST(decode__unknown_fields__are_skipped),
    ACLK_TEST(decode__field_of_another_type__changes_no_value),
    ACLK_TEST(decode__numbers_that_no_enum_has__are_the_default),
};

}  // namespace
}  // namespace test_hostile

int run_hostile_tests() {
  return cmocka_run_group_tests_name("proto: hostile bytes", test_hostile::kTests, nullptr, nullptr);
}
