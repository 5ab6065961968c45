// SPDX-License-Identifier: GPL-3.0-or-later
#include "proto/commands.h"

#include "proto/aclk_commands.pb-c.h"
#include "proto/message_types.h"
#include "proto/wire.h"

namespace aclk::proto {
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
  to.on(decode_send_node_instances(payload).value_or(SendNodeInstances{}));
  return Dispatched::handled;
}

}  // namespace

std::optional<SendNodeInstances> decode_send_node_instances(std::string_view bytes) {
  const auto w = ACLK_UNPACK(send_node_instances, SendNodeInstances)(bytes, kMaxCommand);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(SendNodeInstances{r.text(w->claim_id), r.text(w->space_id)});
}

std::optional<CreateNodeInstanceResult> decode_create_node_instance_result(std::string_view bytes) {
  const auto w = ACLK_UNPACK(create_node_instance_result, CreateNodeInstanceResult)(bytes, kMaxCommand);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(CreateNodeInstanceResult{r.text(w->node_id), r.text(w->machine_guid)});
}

std::optional<ContextsCheckpoint> decode_contexts_checkpoint(std::string_view bytes) {
  const auto w = ACLK_UNPACK(contexts_checkpoint, ContextsCheckpoint)(bytes, kMaxCommand);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(ContextsCheckpoint{r.text(w->claim_id), r.text(w->node_id), w->version_hash});
}

std::optional<StopStreamingContexts> decode_stop_streaming_contexts(std::string_view bytes) {
  const auto w = ACLK_UNPACK(stop_streaming_contexts, StopStreamingContexts)(bytes, kMaxCommand);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(StopStreamingContexts{r.text(w->claim_id), r.text(w->node_id), w->reason});
}

std::optional<StartAlarmStreaming> decode_start_alarm_streaming(std::string_view bytes) {
  const auto w = ACLK_UNPACK(start_alarm_streaming, StartAlarmStreaming)(bytes, kMaxCommand);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(StartAlarmStreaming{r.text(w->node_id), w->version});
}

std::optional<SendAlarmCheckpoint> decode_send_alarm_checkpoint(std::string_view bytes) {
  const auto w = ACLK_UNPACK(send_alarm_checkpoint, SendAlarmCheckpoint)(bytes, kMaxCommand);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(SendAlarmCheckpoint{r.text(w->node_id), r.text(w->claim_id), w->version});
}

std::optional<SendAlarmSnapshot> decode_send_alarm_snapshot(std::string_view bytes) {
  const auto w = ACLK_UNPACK(send_alarm_snapshot, SendAlarmSnapshot)(bytes, kMaxCommand);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(SendAlarmSnapshot{r.text(w->node_id), r.text(w->claim_id), r.text(w->snapshot_uuid)});
}

std::optional<SendAlarmConfiguration> decode_send_alarm_configuration(std::string_view bytes) {
  const auto w = ACLK_UNPACK(send_alarm_configuration, SendAlarmConfiguration)(bytes, kMaxCommand);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(SendAlarmConfiguration{r.text(w->config_hash)});
}

std::optional<DisconnectReq> decode_disconnect_req(std::string_view bytes) {
  const auto w = ACLK_UNPACK(disconnect_req, DisconnectReq)(bytes, kMaxCommand);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(DisconnectReq{w->reconnect_after_seconds, w->permaban != 0, wire::micros(w->created_at), w->error_code,
                              r.text(w->error_description)});
}

std::optional<CancelPendingRequest> decode_cancel_pending_request(std::string_view bytes) {
  const auto w = ACLK_UNPACK(cancel_pending_request, CancelPendingRequest)(bytes, kMaxCommand);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(CancelPendingRequest{r.text(w->request_id), wire::micros(w->timestamp), r.text(w->trace_id)});
}

std::string encode(const SendNodeInstances &m) {
  wire::Arena a;
  AclkWire__SendNodeInstances w = ACLK_WIRE__SEND_NODE_INSTANCES__INIT;
  w.claim_id = a.text(m.claim_id);
  w.space_id = a.text(m.space_id);
  return ACLK_PACK(send_node_instances, SendNodeInstances)(w);
}

std::string encode(const CreateNodeInstanceResult &m) {
  wire::Arena a;
  AclkWire__CreateNodeInstanceResult w = ACLK_WIRE__CREATE_NODE_INSTANCE_RESULT__INIT;
  w.node_id = a.text(m.node_id);
  w.machine_guid = a.text(m.machine_guid);
  return ACLK_PACK(create_node_instance_result, CreateNodeInstanceResult)(w);
}

std::string encode(const ContextsCheckpoint &m) {
  wire::Arena a;
  AclkWire__ContextsCheckpoint w = ACLK_WIRE__CONTEXTS_CHECKPOINT__INIT;
  w.claim_id = a.text(m.claim_id);
  w.node_id = a.text(m.node_id);
  w.version_hash = m.version_hash;
  return ACLK_PACK(contexts_checkpoint, ContextsCheckpoint)(w);
}

std::string encode(const StopStreamingContexts &m) {
  wire::Arena a;
  AclkWire__StopStreamingContexts w = ACLK_WIRE__STOP_STREAMING_CONTEXTS__INIT;
  w.claim_id = a.text(m.claim_id);
  w.node_id = a.text(m.node_id);
  w.reason = m.reason;
  return ACLK_PACK(stop_streaming_contexts, StopStreamingContexts)(w);
}

std::string encode(const StartAlarmStreaming &m) {
  wire::Arena a;
  AclkWire__StartAlarmStreaming w = ACLK_WIRE__START_ALARM_STREAMING__INIT;
  w.node_id = a.text(m.node_id);
  w.version = m.version;
  return ACLK_PACK(start_alarm_streaming, StartAlarmStreaming)(w);
}

std::string encode(const SendAlarmCheckpoint &m) {
  wire::Arena a;
  AclkWire__SendAlarmCheckpoint w = ACLK_WIRE__SEND_ALARM_CHECKPOINT__INIT;
  w.node_id = a.text(m.node_id);
  w.claim_id = a.text(m.claim_id);
  w.version = m.version;
  return ACLK_PACK(send_alarm_checkpoint, SendAlarmCheckpoint)(w);
}

std::string encode(const SendAlarmSnapshot &m) {
  wire::Arena a;
  AclkWire__SendAlarmSnapshot w = ACLK_WIRE__SEND_ALARM_SNAPSHOT__INIT;
  w.node_id = a.text(m.node_id);
  w.claim_id = a.text(m.claim_id);
  w.snapshot_uuid = a.text(m.snapshot_uuid);
  return ACLK_PACK(send_alarm_snapshot, SendAlarmSnapshot)(w);
}

std::string encode(const SendAlarmConfiguration &m) {
  wire::Arena a;
  AclkWire__SendAlarmConfiguration w = ACLK_WIRE__SEND_ALARM_CONFIGURATION__INIT;
  w.config_hash = a.text(m.config_hash);
  return ACLK_PACK(send_alarm_configuration, SendAlarmConfiguration)(w);
}

std::string encode(const DisconnectReq &m) {
  wire::Arena a;
  AclkWire__DisconnectReq w = ACLK_WIRE__DISCONNECT_REQ__INIT;
  w.reconnect_after_seconds = m.reconnect_after_seconds;
  w.permaban = m.permaban ? 1 : 0;
  w.created_at = a.timestamp(m.created_at_us);
  w.error_code = m.error_code;
  w.error_description = a.text(m.error_description);
  return ACLK_PACK(disconnect_req, DisconnectReq)(w);
}

std::string encode(const CancelPendingRequest &m) {
  wire::Arena a;
  AclkWire__CancelPendingRequest w = ACLK_WIRE__CANCEL_PENDING_REQUEST__INIT;
  w.request_id = a.text(m.request_id);
  w.timestamp = a.timestamp(m.timestamp_us);
  w.trace_id = a.text(m.trace_id);
  return ACLK_PACK(cancel_pending_request, CancelPendingRequest)(w);
}

Dispatched dispatch(std::string_view type, std::string_view payload, Commands &to) {
  const auto *const row = find_message_type(Direction::from_cloud, type);
  if (row == nullptr) return Dispatched::unknown;
  using enum MessageType;
  switch (row->type) {
    case cmd:
      to.on_cmd(payload);
      return Dispatched::handled;
    case create_node_instance_result:
      return pass<decode_create_node_instance_result>(payload, to);
    case send_node_instances:
      return send_nodes(payload, to);
    case stream_charts_and_dimensions:
    case charts_and_dimensions_ack:
    case update_chart_configs:
      return Dispatched::obsolete;
    case start_alarm_streaming:
      return pass<decode_start_alarm_streaming>(payload, to);
    case send_alarm_configuration:
      return pass<decode_send_alarm_configuration>(payload, to);
    case send_alarm_snapshot:
      return pass<decode_send_alarm_snapshot>(payload, to);
    case disconnect_req:
      return pass<decode_disconnect_req>(payload, to);
    case contexts_checkpoint:
      return pass<decode_contexts_checkpoint>(payload, to);
    case stop_streaming_contexts:
      return pass<decode_stop_streaming_contexts>(payload, to);
    case send_alarm_checkpoint:
      return pass<decode_send_alarm_checkpoint>(payload, to);
    case cancel_pending_request:
      return pass<decode_cancel_pending_request>(payload, to);
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

}  // namespace aclk::proto
