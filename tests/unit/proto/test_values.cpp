// SPDX-License-Identifier: GPL-3.0-or-later
//
// Values on the wire: what is there, what is left out, and what comes back.
#include <netdata-aclk/plugin.h>

#include <cmath>
#include <limits>
#include <string>

#include "proto/commands.h"
#include "tests/proto/upward_messages.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/proto/tests.h"

namespace test_values {
using namespace aclk::proto;

namespace {

// A message with one field that is not the default.
template <class T, class Field, class Value>
T with(Field T::*field, Value value) {
  T m;
  m.*field = value;
  return m;
}

constexpr auto kMax64 = std::numeric_limits<std::uint64_t>::max();

std::string encode__default_values__are_not_on_the_wire() {
  EXPECT_EQ(encode(CreateNodeInstance{}), "");
  EXPECT_EQ(encode(UpdateNodeCollectors{}), "");
  EXPECT_EQ(encode(ContextsSnapshot{}), "");
  EXPECT_EQ(encode(ContextsUpdated{}), "");
  EXPECT_EQ(encode(AlarmLogEntry{}), "");
  EXPECT_EQ(encode(AlarmSnapshot{}), "");
  EXPECT_EQ(encode(SendNodeInstances{}), "");
  EXPECT_EQ(encode(CreateNodeInstanceResult{}), "");
  EXPECT_EQ(encode(ContextsCheckpoint{}), "");
  EXPECT_EQ(encode(StopStreamingContexts{}), "");
  EXPECT_EQ(encode(StartAlarmStreaming{}), "");
  EXPECT_EQ(encode(SendAlarmCheckpoint{}), "");
  EXPECT_EQ(encode(SendAlarmSnapshot{}), "");
  EXPECT_EQ(encode(SendAlarmConfiguration{}), "");
  EXPECT_EQ(encode(with(&CreateNodeInstance::hops, 1)), std::string("\x30\x01"));
  return {};
}

std::string encode__sub_messages__are_always_there() {
  EXPECT_EQ(encode(UpdateAgentConnection{}), std::string("\x32\x00", 2));
  EXPECT_EQ(encode(UpdateNodeInstanceConnection{}), std::string("\x32\x00", 2));
  EXPECT_EQ(encode(ProvideAlarmConfiguration{}), std::string("\x12\x00", 2));
  EXPECT_EQ(encode(DisconnectReq{}), std::string("\x1a\x00", 2));
  EXPECT_EQ(encode(CancelPendingRequest{}), std::string("\x12\x00", 2));
  EXPECT_EQ(encode(UpdateNodeInfo{}), std::string("\x12\x03\xb2\x01\x00\x1a\x00\x42\x00\x4a\x00\x52\x00", 13));
  return {};
}

std::string decode__nothing__is_a_message_of_defaults() {
  EXPECT(decode_send_node_instances("") == SendNodeInstances{});  // the cloud sends this one empty
  EXPECT(decode_disconnect_req("") == DisconnectReq{});
  EXPECT(decode_update_node_info("") == UpdateNodeInfo{});
  EXPECT(decode_alarm_snapshot(std::string_view()) == AlarmSnapshot{});
  return {};
}

std::string commands__every_field_filled__come_back() {
  const SendNodeInstances nodes{.claim_id = "a", .space_id = "b"};
  EXPECT(decode_send_node_instances(encode(nodes)) == nodes);
  const CreateNodeInstanceResult result{.node_id = "a", .machine_guid = "b"};
  EXPECT(decode_create_node_instance_result(encode(result)) == result);
  const ContextsCheckpoint contexts{.claim_id = "a", .node_id = "b", .version_hash = kMax64};
  EXPECT(decode_contexts_checkpoint(encode(contexts)) == contexts);
  const StopStreamingContexts stop{.claim_id = "a", .node_id = "b", .reason = -1};
  EXPECT(decode_stop_streaming_contexts(encode(stop)) == stop);
  const StartAlarmStreaming start{.node_id = "a", .version = kMax64};
  EXPECT(decode_start_alarm_streaming(encode(start)) == start);
  const SendAlarmCheckpoint check{.node_id = "a", .claim_id = "b", .version = 1};
  EXPECT(decode_send_alarm_checkpoint(encode(check)) == check);
  const SendAlarmSnapshot snapshot{.node_id = "a", .claim_id = "b", .snapshot_uuid = "c"};
  EXPECT(decode_send_alarm_snapshot(encode(snapshot)) == snapshot);
  const SendAlarmConfiguration config{.config_hash = "a"};
  EXPECT(decode_send_alarm_configuration(encode(config)) == config);
  const DisconnectReq bye{.reconnect_after_seconds = kMax64,
                          .permaban = true,
                          .created_at_us = 1'795'202'733'086'168,
                          .error_code = 0xffffffff,
                          .error_description = "why"};
  EXPECT(decode_disconnect_req(encode(bye)) == bye);
  const CancelPendingRequest cancel{.request_id = "a", .timestamp_us = 1, .trace_id = "b"};
  EXPECT(decode_cancel_pending_request(encode(cancel)) == cancel);
  return {};
}

// The fields that proto/README.md, "From cloud to agent" calls deprecated or ignored may stand on the wire.
std::string commands__deprecated_fields__are_read_over() {
  const std::string start("\x0a\x01n\x10\x05\x18\x06\x20\x01\x28\x09", 11);
  EXPECT(decode_start_alarm_streaming(start) == (StartAlarmStreaming{.node_id = "n", .version = 9}));
  const std::string nodes(
      "\x0a\x01"
      "c"
      "\x12\x08\x22\x02\x08\x01\x2a\x02\x10\x01\x1a\x01"
      "s",
      16);
  EXPECT(decode_send_node_instances(nodes) == (SendNodeInstances{.claim_id = "c", .space_id = "s"}));
  return {};
}

std::string time__any_microsecond__comes_back() {
  constexpr std::int64_t kFar = 8'999'999'999'999'999'999;
  for (const std::int64_t us : {std::int64_t{0}, std::int64_t{1}, std::int64_t{999'999}, std::int64_t{1'000'000},
                                std::int64_t{1'795'202'733'086'168}, std::int64_t{-1}, std::int64_t{-1'000'000},
                                std::int64_t{-1'000'001}, kFar, -kFar}) {
    const auto m = decode_update_agent_connection(encode(with(&UpdateAgentConnection::updated_at_us, us)));
    EXPECT(m.has_value());
    EXPECT_EQ(m->updated_at_us, us);
  }
  return {};
}

std::string time__before_1970__has_positive_nanos() {
  // seconds -1 (ten bytes), nanos 999999000: what google's Timestamp asks for.
  EXPECT_EQ(encode(with(&CancelPendingRequest::timestamp_us, -1)),
            std::string("\x12\x11\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x98\x8c\xeb\xdc\x03", 19));
  return {};
}

std::string time__outside_of_microseconds__is_none() {
  const std::string far("\x12\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 12);  // seconds = 2^63 - 1
  EXPECT(decode_cancel_pending_request(far) == CancelPendingRequest{});
  return {};
}

std::string text__not_utf8__is_sent_as_replacement() {
  const auto sent = [](const std::string &s) {
    return decode_send_alarm_configuration(encode(SendAlarmConfiguration{.config_hash = s}))->config_hash;
  };
  EXPECT_EQ(sent("a\xff"
                 "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(sent("caf\xe9"), "caf\xef\xbf\xbd");
  EXPECT_EQ(sent("\xc3\xa9 \xe2\x82\xac"), "\xc3\xa9 \xe2\x82\xac");
  EXPECT_EQ(sent(std::string("a\0b", 3)), "ab");
  EXPECT_EQ(sent(std::string("\0", 1)), "");
  return {};
}

std::string labels__same_key_twice__the_last_counts() {
  const std::string entry(
      "\x12\x11\xaa\x01\x06\x0a\x01k\x12\x01"
      "a\xaa\x01\x05\x0a\x01k\x12\x00",
      19);
  const auto m = decode_update_node_info(entry);
  EXPECT(m.has_value());
  EXPECT_EQ(m->data.host_labels.size(), 1U);
  EXPECT_EQ(m->data.host_labels.at("k"), "");
  return {};
}

std::string labels__empty_key_and_value__come_back() {
  UpdateNodeInfo m;
  m.data.host_labels = {{"", ""}, {"a", ""}, {"b", "c"}};
  m.data.ml_info = {true, true};
  m.node_capabilities = {{"json", 2, false}, {"", 0, true}};
  EXPECT(decode_update_node_info(encode(m)) == m);
  return {};
}

std::string alert__value_that_is_not_a_number__is_zero() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(encode(with(&AlarmLogEntry::value, nan)), "");
  EXPECT_EQ(encode(with(&AlarmLogEntry::old_value, nan)), "");
  const std::string on_wire("\xc9\x01\x00\x00\x00\x00\x00\x00\xf8\x7f", 10);
  EXPECT(decode_alarm_log_entry(on_wire) == AlarmLogEntry{});
  const auto big = with(&AlarmLogEntry::value, std::numeric_limits<double>::infinity());
  EXPECT(decode_alarm_log_entry(encode(big)) == big);
  return {};
}

std::string alert__every_field_of_the_abi__has_its_place_in_the_message() {
  const auto text = [](std::string_view t) { return naclk_str{t.data(), t.size()}; };
  naclk_alert a{};
  a.size = sizeof a;
  a.log_id = 1;
  a.alert_id = text("alert id");
  a.event_id = 2;
  a.transition_id = text("transition id");
  a.config_hash = text("config hash");
  a.name = text("name");
  a.chart = text("chart");
  a.chart_name = text("chart name");
  a.context = text("context");
  a.summary = text("summary");
  a.info = text("info");
  a.exec = text("exec");
  a.conf_source = text("conf source");
  a.command = text("command");
  a.timezone = text("timezone");
  a.utc_offset_s = -3;
  a.when_s = 4;
  a.duration_s = 5;
  a.non_clear_duration_s = 6;
  a.status = NACLK_ALERT_WARNING;
  a.old_status = NACLK_ALERT_CLEAR;
  a.delay_s = 7;
  a.delay_up_to_s = 8;
  a.last_repeat_s = 9;
  a.silenced = 1;
  a.superseded = 1;
  a.value = 10.5;
  a.old_value = 11.5;
  a.value_string = text("value");
  a.old_value_string = text("old value");
  AlarmLogEntry want;
  want.event_id = 2;
  want.transition_id = "transition id";
  want.config_hash = "config hash";
  want.name = "name";
  want.chart = "chart";
  want.chart_name = "chart name";
  want.chart_context = "context";
  want.summary = "summary";
  want.rendered_info = "info";
  want.exec_path = "exec";
  want.conf_source = "conf source";
  want.command = "command";
  want.timezone = "timezone";
  want.utc_offset = -3;
  want.when = 4;
  want.duration = 5;
  want.non_clear_duration = 6;
  want.status = AlarmStatus::warning;
  want.old_status = AlarmStatus::clear;
  want.delay = 7;
  want.delay_up_to_timestamp = 8;
  want.last_repeat = 9;
  want.silenced = true;
  want.updated = true;
  want.value = 10.5;
  want.old_value = 11.5;
  want.value_string = "value";
  want.old_value_string = "old value";
  EXPECT(entry_of(a) == want);
  EXPECT(decode_alarm_log_entry(encode(want)) == want);
  // Durations are counted from 0; a status that nobody knows is unknown; no text is empty text.
  naclk_alert odd{};
  odd.duration_s = -1;
  odd.non_clear_duration_s = INT64_MAX;
  odd.status = 99;
  const auto m = entry_of(odd);
  EXPECT_EQ(m.duration, 0U);
  EXPECT_EQ(m.non_clear_duration, UINT32_MAX);
  EXPECT(m.status == AlarmStatus::unknown && m.name.empty());
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(encode__default_values__are_not_on_the_wire),
    ACLK_TEST(encode__sub_messages__are_always_there),
    ACLK_TEST(decode__nothing__is_a_message_of_defaults),
    ACLK_TEST(commands__every_field_filled__come_back),
    ACLK_TEST(commands__deprecated_fields__are_read_over),
    ACLK_TEST(time__any_microsecond__comes_back),
    ACLK_TEST(time__before_1970__has_positive_nanos),
    ACLK_TEST(time__outside_of_microseconds__is_none),
    ACLK_TEST(text__not_utf8__is_sent_as_replacement),
    ACLK_TEST(labels__same_key_twice__the_last_counts),
    ACLK_TEST(labels__empty_key_and_value__come_back),
    ACLK_TEST(alert__value_that_is_not_a_number__is_zero),
    ACLK_TEST(alert__every_field_of_the_abi__has_its_place_in_the_message),
};

}  // namespace
}  // namespace test_values

int run_value_tests() { return cmocka_run_group_tests_name("proto: values", test_values::kTests, nullptr, nullptr); }
