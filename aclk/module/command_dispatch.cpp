// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/module/command_dispatch.h"

#include "proto/message_types.h"

namespace aclk::module {
namespace {

template <auto Decode>
Dispatched pass(std::string_view payload, Commands &to) {
  const auto m = Decode(payload);
  if (!m) return Dispatched::undecodable;
  to.on(*m);
  return Dispatched::handled;
}

// The request is the message itself; agents do not look at its payload (proto/README.md, "From cloud to agent").
Dispatched send_nodes(std::string_view payload, Commands &to) {
  to.on(proto::decode_send_node_instances(payload).value_or(proto::SendNodeInstances{}));
  return Dispatched::handled;
}

}  // namespace

Dispatched dispatch(std::string_view type, std::string_view payload, Commands &to) {
  const auto *const row = proto::find_message_type(proto::Direction::from_cloud, type);
  if (row == nullptr) return Dispatched::unknown;
  using enum proto::MessageType;
  switch (row->type) {
    case cmd:
      to.on_cmd(payload);
      return Dispatched::handled;
    case create_node_instance_result:
      return pass<proto::decode_create_node_instance_result>(payload, to);
    case send_node_instances:
      return send_nodes(payload, to);
    case stream_charts_and_dimensions:
    case charts_and_dimensions_ack:
    case update_chart_configs:
      return Dispatched::obsolete;
    case start_alarm_streaming:
      return pass<proto::decode_start_alarm_streaming>(payload, to);
    case send_alarm_configuration:
      return pass<proto::decode_send_alarm_configuration>(payload, to);
    case send_alarm_snapshot:
      return pass<proto::decode_send_alarm_snapshot>(payload, to);
    case disconnect_req:
      return pass<proto::decode_disconnect_req>(payload, to);
    case contexts_checkpoint:
      return pass<proto::decode_contexts_checkpoint>(payload, to);
    case stop_streaming_contexts:
      return pass<proto::decode_stop_streaming_contexts>(payload, to);
    case send_alarm_checkpoint:
      return pass<proto::decode_send_alarm_checkpoint>(payload, to);
    case cancel_pending_request:
      return pass<proto::decode_cancel_pending_request>(payload, to);
    case send_alarm_log_health:  // only agents that stream alerts by sequence know it
    case update_agent_connection:
    case create_node_instance:
    case update_node_instance_connection:
    case update_node_info:
    case update_node_collectors:
    case contexts_snapshot:
    case contexts_updated:
    case alarm_log_entry:
    case alarm_snapshot:
    case provide_alarm_configuration:
    case query_reply:
      break;  // ours
  }
  return Dispatched::unknown;
}

}  // namespace aclk::module
