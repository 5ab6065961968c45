// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/machine.h"

#include <utility>

namespace aclk::session {

using cloud::Status;
using transport::ConnectionEnd;
using namespace std::chrono_literals;

namespace {
// The connection counts as stable from here on (protocol.md 7).
constexpr unsigned kStableAcks = 3;
}  // namespace

const char *state_name(State state) {
  switch (state) {
    case State::stopped:
      return "stopped";
    case State::waiting:
      return "waiting";
    case State::logging_in:
      return "logging in";
    case State::connecting:
      return "connecting";
    case State::online:
      return "online";
    case State::leaving:
      return "leaving";
    case State::banned:
      return "banned";
  }
  return "?";
}

Status status_of(const ConnectionEnd &end) {
  using Kind = ConnectionEnd::Kind;
  switch (end.kind) {
    case Kind::dial:
      if (end.error.code == Errc::dns) return Status::cannot_resolve;
      if (end.error.code == Errc::timeout) return Status::socket_timeout;
      if (end.error.code == Errc::proxy) return Status::https_proxy_negotiation_failed;
      return Status::socket_error;
    case Kind::setup_timeout:
      return Status::socket_timeout;
    case Kind::tls:
      return Status::cannot_establish_ssl;
    case Kind::upgrade:
      return Status::ws_protocol_error;
    case Kind::connack:
    case Kind::subscribe:
      return Status::mqtt_protocol_error;
    case Kind::by_server:
    case Kind::closed_by_remote:
      return Status::closed_by_remote;
    case Kind::socket:
      return Status::socket_error;
    case Kind::mqtt_protocol:
      return Status::mqtt_protocol_error;
    case Kind::ws_protocol:
      return Status::ws_protocol_error;
    case Kind::ping_timeout:
      return Status::ping_timeout;
    case Kind::by_us:
      return Status::offline;
    case Kind::internal:
      return Status::socket_error;
  }
  return Status::offline;
}

void Machine::trouble(Status status, std::string why) {
  status_ = status;
  why_ = std::move(why);
}

Step Machine::plan_next(loop::Instant now) {
  if (stopping_) {
    state_ = State::stopped;
    next_attempt_.reset();
    return {Do::finished};
  }
  if (banned_) {
    state_ = State::banned;
    next_attempt_.reset();
    return {Do::nothing};
  }
  state_ = State::waiting;
  auto wait = 0ms;
  if (const auto until = std::exchange(blocked_until_, std::nullopt)) {
    // The cloud's own order replaces the backoff, which then begins anew.
    wait = std::chrono::ceil<std::chrono::milliseconds>(std::max(*until - now, loop::Instant::duration(0)));
    backoff_.reset();
    status_ = Status::blocked;
  } else {
    wait = backoff_.next(jitter_());
  }
  last_backoff_ = wait;
  next_attempt_ = now + wait;
  return {Do::wait, wait};
}

Step Machine::start(loop::Instant now) {
  if (state_ != State::stopped || stopping_) return {};
  return plan_next(now);
}

Step Machine::waited() {
  if (state_ != State::waiting) return {};
  state_ = State::logging_in;
  next_attempt_.reset();
  return {Do::login};
}

Step Machine::logged_in() {
  if (state_ != State::logging_in) return {};
  state_ = State::connecting;
  return {Do::connect};
}

Step Machine::login_failed(const cloud::LoginFailure &f, loop::Instant now) {
  if (state_ != State::logging_in) return {};
  trouble(f.status, f.error.what);
  if (f.non_retryable) banned_ = true;
  if (f.retry_after_s && *f.retry_after_s > 0) blocked_until_ = now + std::chrono::seconds(*f.retry_after_s);
  return plan_next(now);
}

Step Machine::connected() {
  if (state_ != State::connecting) return {};
  state_ = State::online;
  trouble(Status::connected, "");
  acks_ = 0;
  last_backoff_ = 0ms;
  return {Do::announce};
}

bool Machine::acknowledged() {
  if (state_ != State::online || ++acks_ != kStableAcks) return false;
  backoff_.reset();
  return true;
}

Step Machine::ordered_to_leave(const proto::DisconnectReq &order, loop::Instant now) {
  if (state_ != State::online) return {};
  if (order.reconnect_after_seconds > 0) {
    // A year is as good as any larger number, and cannot overflow the clock.
    const auto s = std::min<std::uint64_t>(order.reconnect_after_seconds, std::uint64_t{366} * 86'400);
    blocked_until_ = now + std::chrono::seconds(s);
  }
  if (order.permaban) banned_ = true;
  trouble(Status::cloud_requested_disconnect, order.error_description);
  state_ = State::leaving;
  return {Do::goodbye};
}

Step Machine::goodbye_over() { return state_ == State::leaving ? Step{Do::close} : Step{}; }

Step Machine::ended(const ConnectionEnd &end, loop::Instant now) {
  if (state_ != State::connecting && state_ != State::online && state_ != State::leaving) return {};
  // While leaving, the reason to leave is the status; how the connection then ended does not matter.
  if (state_ != State::leaving) trouble(status_of(end), end.error.what);
  return plan_next(now);
}

Step Machine::stop(bool reloading) {
  stopping_ = true;
  const auto was = state_;
  if (was == State::stopped) return {Do::finished};
  trouble(reloading ? Status::reloading_config : Status::disabled, "");
  next_attempt_.reset();
  switch (was) {
    case State::online:
      state_ = State::leaving;
      return {Do::goodbye};
    case State::leaving:
      return {};
    case State::logging_in:
    case State::connecting:
      state_ = State::stopped;
      return {Do::abort};
    default:
      state_ = State::stopped;
      return {Do::finished};
  }
}

}  // namespace aclk::session
