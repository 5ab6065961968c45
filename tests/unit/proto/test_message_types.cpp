// SPDX-License-Identifier: GPL-3.0-or-later
//
// The table of message types and topics against what a real agent sent (tests/golden), and against the codecs.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "proto/message_types.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/proto/codecs.h"
#include "tests/unit/proto/golden.h"
#include "tests/unit/proto/tests.h"

namespace test_message_types {
using namespace aclk::proto;

namespace {

std::string message_types__every_captured_message__is_one_that_agents_publish() {
  for (const auto &c : test::captured()) {
    const auto *const row = find_message_type(Direction::to_cloud, c.message);
    if (row == nullptr) return c.message + " is not in the table";
    EXPECT(row->encoding == Encoding::protobuf);
    EXPECT(row->topic && !is_inbox(*row->topic));
    const auto shown = nlohmann::json::parse(message_json(row->name, c.bytes));
    for (const auto &[key, value] : c.json.items())
      if (!shown.contains(key)) return c.file + " as JSON has no " + key;
    EXPECT(find_message_type(Direction::from_cloud, c.message) == nullptr);
  }
  return {};
}

std::string message_types__the_captured_will__is_on_the_topic_of_the_agents_connection() {
  std::ifstream in(std::filesystem::path(ACLK_GOLDEN_DIR) / "mqtt-connect-1.hex");
  const std::string hex{std::istreambuf_iterator<char>(in), {}};
  std::string connect;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    connect += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  const auto topic = row_of(MessageType::update_agent_connection).topic;
  EXPECT(topic == Topic::agent_connection);
  EXPECT(connect.find("/outbound/v1/" + std::string(topic_name(*topic))) != std::string::npos);
  return {};
}

// Text and unread types have no codec, all others one in the direction of the table.
std::string message_types__protobuf_messages__are_those_with_a_codec() {
  std::set<std::string_view> in;
  std::set<std::string_view> out;
  for (const auto &row : kMessageTypes)
    if (row.encoding == Encoding::protobuf) (row.direction == Direction::from_cloud ? in : out).insert(row.name);
  std::set<std::string_view> decoded;
  for (const auto &c : test::kInbound) decoded.insert(c.name);
  EXPECT(in == decoded);
  decoded.clear();
  for (const auto &c : test::kOutbound) decoded.insert(c.name);
  EXPECT(out == decoded);
  return {};
}

std::string message_types__shown_in_clear__are_the_protobuf_messages_alone() {
  for (const auto &row : kMessageTypes)
    if (message_json(row.name, "").empty() == (row.encoding == Encoding::protobuf)) return std::string(row.name);
  return {};
}

std::string message_types__each_topic__carries_commands_or_exactly_one_published_type() {
  for (const auto &t : kTopics) {
    const auto published = std::ranges::count_if(kMessageTypes, [&](const MessageTypeRow &row) {
      return row.direction == Direction::to_cloud && row.topic == t.topic;
    });
    EXPECT_EQ(published, is_inbox(t.topic) ? 0 : 1);
  }
  return {};
}

std::string message_types__names__are_found_in_their_direction_only_and_as_they_are_written() {
  for (const auto &row : kMessageTypes) EXPECT(find_message_type(row.direction, row.name) == &row);
  for (const char *name : {"", "Cmd", "cmd ", "AgentCommand", "CreateNodeInstance", "query-reply"})
    EXPECT(find_message_type(Direction::from_cloud, name) == nullptr);
  EXPECT(find_message_type(Direction::to_cloud, "cmd") == nullptr);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(message_types__every_captured_message__is_one_that_agents_publish),
    ACLK_TEST(message_types__the_captured_will__is_on_the_topic_of_the_agents_connection),
    ACLK_TEST(message_types__protobuf_messages__are_those_with_a_codec),
    ACLK_TEST(message_types__shown_in_clear__are_the_protobuf_messages_alone),
    ACLK_TEST(message_types__each_topic__carries_commands_or_exactly_one_published_type),
    ACLK_TEST(message_types__names__are_found_in_their_direction_only_and_as_they_are_written),
};

}  // namespace
}  // namespace test_message_types

int run_message_type_tests() {
  return cmocka_run_group_tests_name("proto: message types and topics", test_message_types::kTests, nullptr, nullptr);
}
