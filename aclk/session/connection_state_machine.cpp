// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/connection_state_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aclk/mqtt/reasons.h"

namespace aclk::session {

using login::Status;
using mqtt::ConnectionEnd;
using namespace std::chrono_literals;

namespace {
// The connection counts as stable from here on (aclk/session/README.md, "Backoff").
constexpr unsigned kStableAcks = 3;
// A connection that nobody takes for so long ends the suspicion that there is a clone.
constexpr auto kUndisputed = 10min;
}  // namespace

Status status_of(const ConnectionEnd &end) {
  using Kind = ConnectionEnd::Kind;
  switch (end.kind) {
    case Kind::dial: {
      const auto by_cause = login::status_of(net::Fault(end.error, end.cause));
      return by_cause == Status::socket_unknown_error ? Status::socket_error : by_cause;
    }
    case Kind::setup_timeout:
      return Status::socket_timeout;
    case Kind::tls:
      return end.cause == net::Cause::certificate ? Status::invalid_ssl_certificate : Status::cannot_establish_ssl;
    case Kind::upgrade:
      return Status::ws_protocol_error;
    case Kind::connack:
    case Kind::subscribe:
      return Status::mqtt_protocol_error;
    case Kind::by_server:
      return end.mqtt_reason == mqtt::kMqttPacketTooLarge ? Status::message_too_big : Status::closed_by_remote;
    case Kind::closed_by_remote:
      return end.ws_code == mqtt::kWsMessageTooBig ? Status::message_too_big : Status::closed_by_remote;
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

void ConnectionStateMachine::trouble(Status status, std::string why) {
  status_ = status;
  why_ = std::move(why);
}

// The table says where to; what it takes to be there is done here.
Step ConnectionStateMachine::move(Event event, loop::Instant now) {
  const auto to = next(state_, event, {stopping_, banned_, blocked_until_.has_value()});
  if (!to.known) return {};
  state_ = to.state;
  if (to.act == Do::wait) return wait(now);
  next_attempt_.reset();
  return {to.act};
}

Step ConnectionStateMachine::wait(loop::Instant now) {
  auto how_long = 0ms;
  if (const auto until = std::exchange(blocked_until_, std::nullopt)) {
    // The cloud's own order replaces the backoff, which then begins anew with the attempt that it names.
    how_long = std::chrono::ceil<std::chrono::milliseconds>(std::max(*until - now, loop::Instant::duration(0)));
    backoff_.reset();
    (void)backoff_.next(0);
    status_ = Status::blocked;
  } else {
    how_long = backoff_.next(jitter_());
    if (std::exchange(taken_over_, false))
      how_long = std::max(how_long, login::Backoff::after_takeover(takeovers_, jitter_()));
  }
  how_long /= scale_.pauses;
  last_backoff_ = how_long;
  next_attempt_ = now + how_long;
  return {Do::wait, how_long};
}

Step ConnectionStateMachine::start(loop::Instant now) { return stopping_ ? Step{} : move(Event::start, now); }

Step ConnectionStateMachine::waited() { return move(Event::due, {}); }

Step ConnectionStateMachine::resumed(loop::Instant now) {
  if (state_ != ConnectionState::waiting) return {};
  backoff_.reset();
  return wait(now);
}

void ConnectionStateMachine::reached(Event stage) { (void)move(stage, {}); }

Step ConnectionStateMachine::logged_in() { return move(Event::credentials, {}); }

Step ConnectionStateMachine::login_failed(const login::LoginFailure &f, loop::Instant now) {
  if (state_ != ConnectionState::env && state_ != ConnectionState::challenge && state_ != ConnectionState::password)
    return {};
  trouble(f.status, f.error.what);
  if (f.non_retryable) banned_ = true;
  if (f.retry_after_s && *f.retry_after_s > 0) blocked_until_ = now + std::chrono::seconds(*f.retry_after_s);
  return move(Event::failed, now);
}

Step ConnectionStateMachine::connected(loop::Instant now) {
  const auto step = move(Event::accepted, now);
  if (step.act == Do::nothing) return step;
  trouble(Status::connected, "");
  acks_ = 0;
  online_since_ = now;
  last_backoff_ = 0ms;
  return step;
}

bool ConnectionStateMachine::acknowledged() {
  if (state_ != ConnectionState::online || ++acks_ != kStableAcks) return false;
  backoff_.reset();
  return true;
}

Step ConnectionStateMachine::ordered_to_leave(const proto::DisconnectReq &order, loop::Instant now) {
  if (state_ != ConnectionState::online) return {};
  if (order.reconnect_after_seconds > 0) {
    // A year is as good as any larger number, and cannot overflow the clock.
    const auto s = std::min<std::uint64_t>(order.reconnect_after_seconds, std::uint64_t{366} * 86'400);
    blocked_until_ = now + std::chrono::seconds(s);
  }
  if (order.permaban) banned_ = true;
  trouble(Status::cloud_requested_disconnect, order.error_description);
  return move(Event::ordered, now);
}

Step ConnectionStateMachine::goodbye_over() { return move(Event::said, {}); }

Step ConnectionStateMachine::ended(const ConnectionEnd &end, loop::Instant now) {
  switch (state_) {
    case ConnectionState::dialing:
    case ConnectionState::tls:
    case ConnectionState::websocket:
    case ConnectionState::connect:
    case ConnectionState::online:
      trouble(status_of(end), end.error.what);
      count_takeover(end, now);
      break;
    case ConnectionState::draining:
    case ConnectionState::closing:
      break;  // the reason to leave is the status; how the connection then ended does not matter
    default:
      return {};
  }
  return move(Event::failed, now);
}

void ConnectionStateMachine::count_takeover(const ConnectionEnd &end, loop::Instant now) {
  const auto since = std::exchange(online_since_, std::nullopt);
  taken_over_ = end.kind == ConnectionEnd::Kind::by_server && end.mqtt_reason == mqtt::kMqttSessionTakenOver;
  if (since && now - *since >= kUndisputed) takeovers_ = 0;
  if (taken_over_ && takeovers_ < 100) ++takeovers_;
}

Step ConnectionStateMachine::overdue(loop::Instant now) {
  if (state_ >= ConnectionState::env && state_ <= ConnectionState::connect)
    trouble(state_ <= ConnectionState::password ? Status::https_timeout : Status::socket_timeout,
            fmt::format("the stage {} did not end within its deadline; trying again", state_name(state_)));
  return move(Event::overdue, now);
}

Step ConnectionStateMachine::stop(Stop kind) {
  stopping_ = true;
  if (state_ != ConnectionState::stopped)
    trouble(kind == Stop::to_reload ? Status::reloading_config : Status::disabled, "");
  return move(Event::stop, {});
}

}  // namespace aclk::session
