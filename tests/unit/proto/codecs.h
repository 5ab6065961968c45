// SPDX-License-Identifier: GPL-3.0-or-later
//
// All codecs of proto/ by the name of their message. For tests, proto_reencode and the fuzz targets.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "proto/commands.h"
#include "tests/proto/upward_messages.h"

namespace aclk::proto::test {

// What decode and encode make of bytes; nothing if they do not decode. `stable` is false if decoding that again gives
// another value or none: it never must.
struct Reencoded {
  std::string bytes;
  bool stable = false;
};

template <auto Decode>
std::optional<Reencoded> reencode(std::string_view bytes) {
  const auto value = Decode(bytes);
  if (!value) return std::nullopt;
  Reencoded r{encode(*value), false};
  r.stable = Decode(r.bytes) == value;
  return r;
}

// Its entries are encoded already: they are encoded anew here.
inline std::optional<Reencoded> reencode_alarm_snapshot(std::string_view bytes) {
  auto value = decode_alarm_snapshot(bytes);
  if (!value) return std::nullopt;
  Reencoded r{{}, true};
  for (auto &entry : value->alarms) {
    auto again = reencode<decode_alarm_log_entry>(entry);
    if (!again) return std::nullopt;
    r.stable = r.stable && again->stable;
    entry = std::move(again->bytes);
  }
  r.bytes = encode(*value);
  r.stable = r.stable && decode_alarm_snapshot(r.bytes) == value;
  return r;
}

struct Codec {
  std::string_view name;
  std::optional<Reencoded> (*reencode)(std::string_view bytes);
};

// What the cloud sends.
inline constexpr std::array kInbound{
    Codec{"SendNodeInstances", reencode<decode_send_node_instances>},
    Codec{"CreateNodeInstanceResult", reencode<decode_create_node_instance_result>},
    Codec{"ContextsCheckpoint", reencode<decode_contexts_checkpoint>},
    Codec{"StopStreamingContexts", reencode<decode_stop_streaming_contexts>},
    Codec{"StartAlarmStreaming", reencode<decode_start_alarm_streaming>},
    Codec{"SendAlarmCheckpoint", reencode<decode_send_alarm_checkpoint>},
    Codec{"SendAlarmSnapshot", reencode<decode_send_alarm_snapshot>},
    Codec{"SendAlarmConfiguration", reencode<decode_send_alarm_configuration>},
    Codec{"DisconnectReq", reencode<decode_disconnect_req>},
    Codec{"CancelPendingRequest", reencode<decode_cancel_pending_request>},
};

// What an agent sends.
inline constexpr std::array kOutbound{
    Codec{"UpdateAgentConnection", reencode<decode_update_agent_connection>},
    Codec{"CreateNodeInstance", reencode<decode_create_node_instance>},
    Codec{"UpdateNodeInstanceConnection", reencode<decode_update_node_instance_connection>},
    Codec{"UpdateNodeInfo", reencode<decode_update_node_info>},
    Codec{"UpdateNodeCollectors", reencode<decode_update_node_collectors>},
    Codec{"ContextsSnapshot", reencode<decode_contexts_snapshot>},
    Codec{"ContextsUpdated", reencode<decode_contexts_updated>},
    Codec{"AlarmLogEntry", reencode<decode_alarm_log_entry>},
    Codec{"AlarmSnapshot", reencode_alarm_snapshot},
    Codec{"ProvideAlarmConfiguration", reencode<decode_provide_alarm_configuration>},
};

// Null for a name that is not a message.
inline const Codec *find(std::string_view name) {
  for (const auto &c : kInbound)
    if (c.name == name) return &c;
  for (const auto &c : kOutbound)
    if (c.name == name) return &c;
  return nullptr;
}

}  // namespace aclk::proto::test
