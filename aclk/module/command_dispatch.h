// SPDX-License-Identifier: GPL-3.0-or-later
//
// The cloud's protobuf commands (proto/README.md, "From cloud to agent"): from message type to handler, and nothing
// else. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/commands.h"

namespace aclk::module {

// Who acts on them. `cmd` is no protobuf message: its payload is handed on as it came.
class Commands {
 public:
  Commands() = default;
  Commands(const Commands &) = delete;
  Commands &operator=(const Commands &) = delete;
  virtual ~Commands() = default;

  virtual void on_cmd(std::string_view payload) = 0;
  virtual void on(const proto::SendNodeInstances &m) = 0;
  virtual void on(const proto::CreateNodeInstanceResult &m) = 0;
  virtual void on(const proto::ContextsCheckpoint &m) = 0;
  virtual void on(const proto::StopStreamingContexts &m) = 0;
  virtual void on(const proto::StartAlarmStreaming &m) = 0;
  virtual void on(const proto::SendAlarmCheckpoint &m) = 0;
  virtual void on(const proto::SendAlarmSnapshot &m) = 0;
  virtual void on(const proto::SendAlarmConfiguration &m) = 0;
  virtual void on(const proto::DisconnectReq &m) = 0;
  virtual void on(const proto::CancelPendingRequest &m) = 0;
};

enum class Dispatched : std::uint8_t {
  handled,
  undecodable,  // known type, payload is not that message
  obsolete,     // a type of agents before contexts
  unknown,
};

[[nodiscard]] Dispatched dispatch(std::string_view type, std::string_view payload, Commands &to);

}  // namespace aclk::module
