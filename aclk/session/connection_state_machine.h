// SPDX-License-Identifier: GPL-3.0-or-later
//
// The life of the link as decisions: what to do next when something happened, by the table of states.h. What the table
// leaves open is decided here: how long to wait, what the status is, whether the cloud has banned us. Pure: no clock,
// no socket, no randomness of its own. proto/README.md, "Keep-alive"; aclk/session/README.md, "When the other end
// closes", "Orders of the cloud", "Backoff", "Status codes".
//
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "aclk/login/env.h"
#include "aclk/login/login.h"
#include "aclk/login/status.h"
#include "aclk/loop/clock.h"
#include "aclk/mqtt/connection.h"
#include "aclk/session/states.h"
#include "proto/commands.h"

namespace aclk::session {

enum class Stop : std::uint8_t {
  for_good,   // the agent stops, or the claim is wiped
  to_reload,  // the identity is being read again
};

struct Step {
  Do act = Do::nothing;
  std::chrono::milliseconds wait{0};
};

class ConnectionStateMachine {
 public:
  // jitter(): a number in [0, 1), a new one each time. scale: of the waits before attempts.
  explicit ConnectionStateMachine(std::function<double()> jitter, loop::TimeScale scale = {})
      : jitter_(std::move(jitter)), scale_(scale) {}

  [[nodiscard]] Step start(loop::Instant now);
  [[nodiscard]] Step waited();
  void limits(const login::BackoffLimits &limits) { backoff_.set_limits(limits); }
  // A stage of the way online is done: agreed, challenged, dialed, secured, upgraded.
  void reached(Event stage);
  [[nodiscard]] Step logged_in();
  [[nodiscard]] Step login_failed(const login::LoginFailure &failure, loop::Instant now);
  [[nodiscard]] Step connected(loop::Instant now);
  // A PUBACK came. True when it is the one that makes the connection count as stable (the third).
  bool acknowledged();
  [[nodiscard]] Step ordered_to_leave(const proto::DisconnectReq &order, loop::Instant now);
  [[nodiscard]] Step goodbye_over();
  [[nodiscard]] Step ended(const mqtt::ConnectionEnd &end, loop::Instant now);
  // The state's deadline (info().deadline) passed and nothing else ended it. What was tried is to be dropped.
  [[nodiscard]] Step overdue(loop::Instant now);
  // The machine has slept: what was tried before it says nothing about the network there is now. A wait that we chose
  // ends, with a new backoff; one that the cloud ordered does not.
  [[nodiscard]] Step resumed(loop::Instant now);
  [[nodiscard]] Step stop(Stop kind);

  [[nodiscard]] ConnectionState state() const { return state_; }
  [[nodiscard]] login::Status status() const { return status_; }
  // One sentence about the last thing that went wrong; empty while all is well.
  [[nodiscard]] const std::string &why() const { return why_; }
  [[nodiscard]] bool banned() const { return banned_; }
  [[nodiscard]] std::optional<loop::Instant> next_attempt() const { return next_attempt_; }
  [[nodiscard]] std::chrono::milliseconds last_backoff() const { return last_backoff_; }

 private:
  [[nodiscard]] Step move(Event event, loop::Instant now);
  [[nodiscard]] Step wait(loop::Instant now);
  void count_takeover(const mqtt::ConnectionEnd &end, loop::Instant now);
  void trouble(login::Status status, std::string why);

  std::function<double()> jitter_;
  loop::TimeScale scale_;
  login::Backoff backoff_;
  ConnectionState state_ = ConnectionState::stopped;
  login::Status status_ = login::Status::offline;
  std::string why_;
  std::optional<loop::Instant> blocked_until_;  // by order of the cloud; used once
  std::optional<loop::Instant> next_attempt_;
  std::chrono::milliseconds last_backoff_{0};
  std::optional<loop::Instant> online_since_;
  std::uint32_t takeovers_ = 0;  // in a row
  bool taken_over_ = false;      // just now
  unsigned acks_ = 0;
  bool banned_ = false;
  bool stopping_ = false;
};

// The status that an end means to users (aclk/session/README.md, "When the other end closes", "Status codes").
[[nodiscard]] login::Status status_of(const mqtt::ConnectionEnd &end);

}  // namespace aclk::session
