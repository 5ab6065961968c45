// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the cloud says to an agent (proto/README.md, "From cloud to agent"): one struct per message type, its decoder,
// and the way from a type to whoever acts on it. See proto/message_types.h for what all codecs have in common.
// Deprecated fields are not read, nor is the config of SendNodeInstances. Every decoder takes at most kMaxCommand
// bytes; an empty payload is a message with default values. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aclk::proto {

// Bytes of a message.
inline constexpr std::size_t kMaxCommand = 64U << 10;

struct SendNodeInstances {
  std::string claim_id;
  std::string space_id;
  bool operator==(const SendNodeInstances &) const = default;
};

struct CreateNodeInstanceResult {
  std::string node_id;
  std::string machine_guid;
  bool operator==(const CreateNodeInstanceResult &) const = default;
};

struct ContextsCheckpoint {
  std::string claim_id;
  std::string node_id;
  std::uint64_t version_hash = 0;
  bool operator==(const ContextsCheckpoint &) const = default;
};

struct StopStreamingContexts {
  std::string claim_id;
  std::string node_id;
  std::int32_t reason = 0;  // 0 = rate limit exceeded
  bool operator==(const StopStreamingContexts &) const = default;
};

struct StartAlarmStreaming {
  std::string node_id;
  std::uint64_t version = 0;
  bool operator==(const StartAlarmStreaming &) const = default;
};

struct SendAlarmCheckpoint {
  std::string node_id;
  std::string claim_id;
  std::uint64_t version = 0;
  bool operator==(const SendAlarmCheckpoint &) const = default;
};

struct SendAlarmSnapshot {
  std::string node_id;
  std::string claim_id;
  std::string snapshot_uuid;
  bool operator==(const SendAlarmSnapshot &) const = default;
};

struct SendAlarmConfiguration {
  std::string config_hash;
  bool operator==(const SendAlarmConfiguration &) const = default;
};

struct DisconnectReq {
  std::uint64_t reconnect_after_seconds = 0;
  bool permaban = false;
  std::int64_t created_at_us = 0;
  std::uint32_t error_code = 0;
  std::string error_description;
  bool operator==(const DisconnectReq &) const = default;
};

struct CancelPendingRequest {
  std::string request_id;
  std::int64_t timestamp_us = 0;
  std::string trace_id;
  bool operator==(const CancelPendingRequest &) const = default;
};

[[nodiscard]] std::optional<SendNodeInstances> decode_send_node_instances(std::string_view bytes);
[[nodiscard]] std::optional<CreateNodeInstanceResult> decode_create_node_instance_result(std::string_view bytes);
[[nodiscard]] std::optional<ContextsCheckpoint> decode_contexts_checkpoint(std::string_view bytes);
[[nodiscard]] std::optional<StopStreamingContexts> decode_stop_streaming_contexts(std::string_view bytes);
[[nodiscard]] std::optional<StartAlarmStreaming> decode_start_alarm_streaming(std::string_view bytes);
[[nodiscard]] std::optional<SendAlarmCheckpoint> decode_send_alarm_checkpoint(std::string_view bytes);
[[nodiscard]] std::optional<SendAlarmSnapshot> decode_send_alarm_snapshot(std::string_view bytes);
[[nodiscard]] std::optional<SendAlarmConfiguration> decode_send_alarm_configuration(std::string_view bytes);
[[nodiscard]] std::optional<DisconnectReq> decode_disconnect_req(std::string_view bytes);
[[nodiscard]] std::optional<CancelPendingRequest> decode_cancel_pending_request(std::string_view bytes);

// The cloud's side, for tests.
[[nodiscard]] std::string encode(const SendNodeInstances &m);
[[nodiscard]] std::string encode(const CreateNodeInstanceResult &m);
[[nodiscard]] std::string encode(const ContextsCheckpoint &m);
[[nodiscard]] std::string encode(const StopStreamingContexts &m);
[[nodiscard]] std::string encode(const StartAlarmStreaming &m);
[[nodiscard]] std::string encode(const SendAlarmCheckpoint &m);
[[nodiscard]] std::string encode(const SendAlarmSnapshot &m);
[[nodiscard]] std::string encode(const SendAlarmConfiguration &m);
[[nodiscard]] std::string encode(const DisconnectReq &m);
[[nodiscard]] std::string encode(const CancelPendingRequest &m);

// Who acts on them. `cmd` is no protobuf message: its payload is handed on as it came.
class Commands {
 public:
  Commands() = default;
  Commands(const Commands &) = delete;
  Commands &operator=(const Commands &) = delete;
  virtual ~Commands() = default;

  virtual void on_cmd(std::string_view payload) = 0;
  virtual void on(const SendNodeInstances &m) = 0;
  virtual void on(const CreateNodeInstanceResult &m) = 0;
  virtual void on(const ContextsCheckpoint &m) = 0;
  virtual void on(const StopStreamingContexts &m) = 0;
  virtual void on(const StartAlarmStreaming &m) = 0;
  virtual void on(const SendAlarmCheckpoint &m) = 0;
  virtual void on(const SendAlarmSnapshot &m) = 0;
  virtual void on(const SendAlarmConfiguration &m) = 0;
  virtual void on(const DisconnectReq &m) = 0;
  virtual void on(const CancelPendingRequest &m) = 0;
};

enum class Dispatched : std::uint8_t {
  handled,
  undecodable,  // known type, payload is not that message
  obsolete,     // a type of agents before contexts
  unknown,
};

[[nodiscard]] Dispatched dispatch(std::string_view type, std::string_view payload, Commands &to);

}  // namespace aclk::proto
