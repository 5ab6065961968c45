// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages in clear text (proto/message_json.h), behind what-is-sent and the conversation log: first byte = which
// message. Nothing, or one JSON object on one line.
#include "proto/message_json.h"

#include <array>
#include <nlohmann/json.hpp>

#include "tests/fuzz/fuzz.h"

namespace aclk::fuzz {
namespace {

constexpr std::array<std::string_view, 24> kTypes{"UpdateAgentConnection",
                                                  "CreateNodeInstance",
                                                  "UpdateNodeInstanceConnection",
                                                  "UpdateNodeInfo",
                                                  "UpdateNodeCollectors",
                                                  "ContextsSnapshot",
                                                  "ContextsUpdated",
                                                  "AlarmLogEntry",
                                                  "AlarmSnapshot",
                                                  "ProvideAlarmConfiguration",
                                                  "SendNodeInstances",
                                                  "CreateNodeInstanceResult",
                                                  "ContextsCheckpoint",
                                                  "StopStreamingContexts",
                                                  "StartAlarmStreaming",
                                                  "SendAlarmCheckpoint",
                                                  "SendAlarmSnapshot",
                                                  "SendAlarmConfiguration",
                                                  "DisconnectReq",
                                                  "CancelPendingRequest",
                                                  "AlarmConfiguration",
                                                  "NodeInfo",
                                                  "cmd",
                                                  ""};

}  // namespace

void fuzz(std::string_view bytes) {
  const auto type = kTypes[choose(bytes, kTypes.size())];
  const auto text = proto::message_json(type, bytes);
  if (text.empty()) return;
  require(text.find('\n') == std::string::npos, "it is one line");
  const auto j = nlohmann::json::parse(text, nullptr, false);
  require(j.is_object(), "it is a JSON object");
}

}  // namespace aclk::fuzz
