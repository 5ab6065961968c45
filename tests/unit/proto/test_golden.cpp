// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages captured from a real agent (tests/golden).
#include <string>
#include <vector>

#include "tests/proto/upward_messages.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/proto/codecs.h"
#include "tests/unit/proto/golden.h"
#include "tests/unit/proto/tests.h"

namespace test_golden {
using namespace aclk::proto;
using namespace aclk::proto::test;

namespace {

std::string golden__every_captured_message__decodes_field_by_field() {
  const auto all = captured();
  EXPECT_EQ(all.size(), 20U);
  for (const auto &c : all) {
    const auto got = decoded_as_json(c.message, c.bytes);
    if (got != c.json) return c.file + ": " + nlohmann::json::diff(c.json, got).dump();
  }
  return {};
}

// Also the order of fields and what is left out: the same bytes, save for labels, whose order means nothing.
std::string golden__every_captured_message__is_encoded_as_the_agent_did() {
  for (const auto &c : captured()) {
    const auto again = find(c.message)->reencode(c.bytes);
    if (!again || !again->stable) return c.file + ": decodes differently when encoded again";
    if (again->bytes.size() != c.bytes.size()) return c.file + ": another size: " + std::to_string(again->bytes.size());
    if (c.message != "UpdateNodeInfo" && again->bytes != c.bytes) return c.file + ": other bytes";
  }
  return {};
}

// An entry is stored without node and claim, and what stands before it then makes it the agent's own bytes again.
std::string golden__entry_kept_without_identity__is_the_agents_bytes_behind_it() {
  unsigned seen = 0;
  for (const auto &c : captured()) {
    std::vector<std::string> entries;
    if (c.message == "AlarmLogEntry") entries.push_back(c.bytes);
    if (c.message == "AlarmSnapshot") entries = decode_alarm_snapshot(c.bytes)->alarms;
    for (const auto &whole : entries) {
      const auto m = *decode_alarm_log_entry(whole);
      EXPECT(!m.node_id.empty() && !m.claim_id.empty());
      auto kept = m;
      kept.node_id.clear();
      kept.claim_id.clear();
      const auto made = alert_identity(m.node_id, m.claim_id) + encode(kept);
      if (made != whole) return c.file + ": other bytes";
      EXPECT(decode_alarm_log_entry(made) == m);
      // In any order the content is the same.
      EXPECT(decode_alarm_log_entry(encode(kept) + alert_identity(m.node_id, m.claim_id)) == m);
      ++seen;
    }
  }
  EXPECT(seen > 20);
  return {};
}

// The two facts of presence that the captures show: ml_info is there and empty, the will has no capabilities.
std::string golden__empty_sub_messages__are_on_the_wire() {
  for (const auto &c : captured()) {
    if (c.file == "UpdateAgentConnection-2") EXPECT(!c.json.contains("capabilities"));
    if (c.message != "UpdateNodeInfo") continue;
    const auto again = find(c.message)->reencode(c.bytes);
    EXPECT(again.has_value());
    EXPECT(again->bytes.find(std::string("\x42\x00", 2)) != std::string::npos);      // 8 ml_info
    EXPECT(again->bytes.find(std::string("\xb2\x01\x00", 3)) != std::string::npos);  // data.22 ml_info
  }
  return {};
}

std::string golden__cut_anywhere__gives_a_value_or_nothing() {
  for (const auto &c : captured()) {
    // All cuts of a long message would be quadratic for no gain.
    const std::size_t step = 1 + c.bytes.size() / 1000;
    for (std::size_t n = 0; n < c.bytes.size(); n += step) {
      const auto r = find(c.message)->reencode(std::string(c.bytes, 0, n));  // a copy: reading past it is seen by ASan
      if (r && !r->stable) return c.file + ": unstable when cut at " + std::to_string(n);
    }
  }
  return {};
}

std::string golden__bytes_of_one_message_as_another__give_a_value_or_nothing() {
  for (const auto &c : captured()) {
    for (const auto &codec : kInbound) {
      const auto r = codec.reencode(c.bytes);
      if (r && !r->stable) return c.file + " as " + std::string(codec.name);
    }
    for (const auto &codec : kOutbound) {
      const auto r = codec.reencode(c.bytes);
      if (r && !r->stable) return c.file + " as " + std::string(codec.name);
    }
  }
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(golden__every_captured_message__decodes_field_by_field),
    ACLK_TEST(golden__every_captured_message__is_encoded_as_the_agent_did),
    ACLK_TEST(golden__entry_kept_without_identity__is_the_agents_bytes_behind_it),
    ACLK_TEST(golden__empty_sub_messages__are_on_the_wire),
    ACLK_TEST(golden__cut_anywhere__gives_a_value_or_nothing),
    ACLK_TEST(golden__bytes_of_one_message_as_another__give_a_value_or_nothing),
};

}  // namespace
}  // namespace test_golden

int run_golden_tests() {
  return cmocka_run_group_tests_name("proto: captured messages", test_golden::kTests, nullptr, nullptr);
}
