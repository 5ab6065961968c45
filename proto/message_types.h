// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every type of message and every topic, once (proto/README.md, "Topics" and "From cloud to agent"): whoever needs a
// name on the wire, a direction, or the topic of a message has it from here; and any message as JSON. Pure; any thread.
//
// The codecs of this folder have in common:
//  - encode() never fails. Default values (0, false, "") are not on the wire. Text should be UTF-8; other bytes are
//    sent as U+FFFD, because a reader may refuse a whole message for one of them.
//  - decode_x() takes any bytes and gives a value or nothing. Unknown fields are skipped, absent ones have their
//  default
//    value, text ends at a NUL. Nothing comes of bytes that are not protobuf, text that is not UTF-8, messages over the
//    limit that stands beside the decoder, or such as would need more than 24 times their length in memory.
//  - Times named _us are microseconds since 1970 UTC; what is finer on the wire is cut off; 0 = not there, or not
//  within
//    285000 years of 1970.
//  - Fields that only the cloud fills (mqtt_broker_addr, vmq_instance_id) and deprecated ones are not offered.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aclk::proto {

// What the cloud gives an agent with its password, as far as it is used.
enum class Topic : std::uint8_t {
  inbox_cmd,
  inbox_cmd_v1,
  agent_connection,
  create_node_instance,
  node_instance_connection,
  node_instance_info,
  node_instance_collectors,
  contexts_snapshot,
  contexts_updated,
  alarm_log,
  alarm_snapshot,
  alarm_config,
};

struct TopicRow {
  Topic topic;
  std::string_view name;          // in the password answer
  std::string_view older_name{};  // that of 1.37, taken where `name` is missing
};

inline constexpr std::array kTopics{
    TopicRow{Topic::inbox_cmd, "inbox-cmd"},
    TopicRow{Topic::inbox_cmd_v1, "inbox-cmd-v1"},
    TopicRow{Topic::agent_connection, "agent-connection"},
    TopicRow{Topic::create_node_instance, "create-node-instance"},
    TopicRow{Topic::node_instance_connection, "node-instance-connection"},
    TopicRow{Topic::node_instance_info, "node-instance-info"},
    TopicRow{Topic::node_instance_collectors, "node-instance-collectors"},
    TopicRow{Topic::contexts_snapshot, "contexts-snapshot"},
    TopicRow{Topic::contexts_updated, "contexts-updated"},
    TopicRow{Topic::alarm_log, "alarm-log-v2", "alarm-log"},
    TopicRow{Topic::alarm_snapshot, "alarm-snapshot-v2", "alarm-snapshot"},
    TopicRow{Topic::alarm_config, "alarm-config"},
};
inline constexpr std::size_t kTopicCount = kTopics.size();

enum class MessageType : std::uint8_t {
  cmd,
  create_node_instance_result,
  send_node_instances,
  stream_charts_and_dimensions,
  charts_and_dimensions_ack,
  update_chart_configs,
  start_alarm_streaming,
  send_alarm_log_health,
  send_alarm_configuration,
  send_alarm_snapshot,
  disconnect_req,
  contexts_checkpoint,
  stop_streaming_contexts,
  send_alarm_checkpoint,
  cancel_pending_request,
  update_agent_connection,
  create_node_instance,
  update_node_instance_connection,
  update_node_info,
  update_node_collectors,
  contexts_snapshot,
  contexts_updated,
  alarm_log_entry,
  alarm_snapshot,
  provide_alarm_configuration,
  query_reply,
};

enum class Direction : std::uint8_t { from_cloud, to_cloud };

enum class Encoding : std::uint8_t {
  text,      // JSON and HTTP (aclk/query/README.md, "Framing")
  protobuf,  // the message of the type's name, in one of the *.proto files
  unread,    // only older agents look at it
};

struct MessageTypeRow {
  MessageType type;
  std::string_view name;  // from the cloud: the last part of the topic; query-reply is a name for people only
  Direction direction;
  std::optional<Topic> topic;  // nullopt: the question names it
  Encoding encoding;
};

// In the order of the agent's own chart of received types (aclk/report/README.md, "Statistics charts").
inline constexpr std::array kMessageTypes = [] {
  using enum MessageType;
  using enum Encoding;
  constexpr auto kIn = Direction::from_cloud;
  constexpr auto kOut = Direction::to_cloud;
  constexpr auto kInbox = Topic::inbox_cmd_v1;
  return std::array{
      MessageTypeRow{cmd, "cmd", kIn, Topic::inbox_cmd, text},
      MessageTypeRow{create_node_instance_result, "CreateNodeInstanceResult", kIn, kInbox, protobuf},
      MessageTypeRow{send_node_instances, "SendNodeInstances", kIn, kInbox, protobuf},
      MessageTypeRow{stream_charts_and_dimensions, "StreamChartsAndDimensions", kIn, kInbox, unread},
      MessageTypeRow{charts_and_dimensions_ack, "ChartsAndDimensionsAck", kIn, kInbox, unread},
      MessageTypeRow{update_chart_configs, "UpdateChartConfigs", kIn, kInbox, unread},
      MessageTypeRow{start_alarm_streaming, "StartAlarmStreaming", kIn, kInbox, protobuf},
      MessageTypeRow{send_alarm_log_health, "SendAlarmLogHealth", kIn, kInbox, unread},
      MessageTypeRow{send_alarm_configuration, "SendAlarmConfiguration", kIn, kInbox, protobuf},
      MessageTypeRow{send_alarm_snapshot, "SendAlarmSnapshot", kIn, kInbox, protobuf},
      MessageTypeRow{disconnect_req, "DisconnectReq", kIn, kInbox, protobuf},
      MessageTypeRow{contexts_checkpoint, "ContextsCheckpoint", kIn, kInbox, protobuf},
      MessageTypeRow{stop_streaming_contexts, "StopStreamingContexts", kIn, kInbox, protobuf},
      MessageTypeRow{send_alarm_checkpoint, "SendAlarmCheckpoint", kIn, kInbox, protobuf},
      MessageTypeRow{cancel_pending_request, "CancelPendingRequest", kIn, kInbox, protobuf},
      MessageTypeRow{update_agent_connection, "UpdateAgentConnection", kOut, Topic::agent_connection, protobuf},
      MessageTypeRow{MessageType::create_node_instance, "CreateNodeInstance", kOut, Topic::create_node_instance,
                     protobuf},
      MessageTypeRow{update_node_instance_connection, "UpdateNodeInstanceConnection", kOut,
                     Topic::node_instance_connection, protobuf},
      MessageTypeRow{update_node_info, "UpdateNodeInfo", kOut, Topic::node_instance_info, protobuf},
      MessageTypeRow{update_node_collectors, "UpdateNodeCollectors", kOut, Topic::node_instance_collectors, protobuf},
      MessageTypeRow{contexts_snapshot, "ContextsSnapshot", kOut, Topic::contexts_snapshot, protobuf},
      MessageTypeRow{contexts_updated, "ContextsUpdated", kOut, Topic::contexts_updated, protobuf},
      MessageTypeRow{alarm_log_entry, "AlarmLogEntry", kOut, Topic::alarm_log, protobuf},
      MessageTypeRow{alarm_snapshot, "AlarmSnapshot", kOut, Topic::alarm_snapshot, protobuf},
      MessageTypeRow{provide_alarm_configuration, "ProvideAlarmConfiguration", kOut, Topic::alarm_config, protobuf},
      MessageTypeRow{query_reply, "query-reply", kOut, std::nullopt, text},
  };
}();

[[nodiscard]] constexpr std::string_view topic_name(Topic t) { return kTopics[static_cast<std::size_t>(t)].name; }

[[nodiscard]] constexpr const MessageTypeRow &row_of(MessageType t) {
  return kMessageTypes[static_cast<std::size_t>(t)];
}

// nullptr: the cloud (or we) send no message of that name.
[[nodiscard]] constexpr const MessageTypeRow *find_message_type(Direction direction, std::string_view name) {
  for (const auto &row : kMessageTypes)
    if (row.direction == direction && row.name == name) return &row;
  return nullptr;
}

// We subscribe to it; all others are published to.
[[nodiscard]] constexpr bool is_inbox(Topic t) {
  return std::ranges::any_of(kMessageTypes, [t](const MessageTypeRow &row) {
    return row.direction == Direction::from_cloud && row.topic == t;
  });
}

// Rows stand where their enumerator says.
static_assert([] {
  for (std::size_t i = 0; i < kTopics.size(); ++i)
    if (kTopics[i].topic != static_cast<Topic>(i)) return false;
  for (std::size_t i = 0; i < kMessageTypes.size(); ++i)
    if (kMessageTypes[i].type != static_cast<MessageType>(i)) return false;
  return true;
}());

// Longer messages are not unpacked.
inline constexpr std::size_t kMaxClear = 1U << 20;

// One compact object with the fields by their names on the wire; absent ones are left out where the wire shows that,
// times are seconds and nanoseconds, enumerations their names. Empty if `type` (a message's name) is unknown or the
// bytes are not such a message.
[[nodiscard]] std::string message_json(std::string_view type, std::string_view bytes);

}  // namespace aclk::proto
