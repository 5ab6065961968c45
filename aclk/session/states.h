// SPDX-License-Identifier: GPL-3.0-or-later
//
// The life of the link as one table: states, what each waits for and for how long, and every move with its condition.
// STATES.md beside this file is made from it (target session_states_md), and a test fails when the two differ. Pure.
// Sources: aclk/session/README.md, "Stages"; proto/README.md, "Keep-alive"; aclk/session/README.md, "When the other end
// closes", "Orders of the cloud", "Backoff", "Timers and limits".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace aclk::session {

enum class ConnectionState : std::uint8_t {
  not_claimed,  // no identity: no thread, no socket
  disabled,     // enabled = no: the same
  stopped,      // claimed and enabled, not running
  waiting,      // for the backoff
  blocked,      // for a time that the cloud has ordered
  banned,       // the cloud wants no further attempt
  env,          // asking /api/v1/env: resolving, TCP, TLS, request
  challenge,
  password,
  dialing,    // resolving and TCP to the broker, with the proxy's part
  tls,        // handshake with the broker
  websocket,  // upgrade
  connect,    // MQTT CONNECT sent
  online,
  draining,  // saying goodbye: until its PUBACK
  closing,   // MQTT DISCONNECT, WebSocket close, TCP close
};
inline constexpr std::size_t kStates = 16;

enum class Event : std::uint8_t {
  claimed,      // cloud.d has an identity, and the link is enabled
  unclaimed,    // it has none any more
  turned_off,   // enabled = no
  start,        //
  due,          // the wait is over
  agreed,       // a good /env
  challenged,   // a challenge that we could decrypt
  credentials,  // of the password answer
  dialed,       // TCP is there
  secured,      // TLS is there, the upgrade is on its way
  upgraded,     // 101; CONNECT is on its way
  accepted,     // CONNACK 0
  failed,       // the stage failed, or the connection ended
  overdue,      // the state's own deadline passed without any of the others
  ordered,      // DisconnectReq
  said,         // the goodbye has its PUBACK, or its time is over
  stop,         // shutdown, or the identity is to be read again
};
inline constexpr std::size_t kEvents = 17;

// What must also be so. The first row that fits counts.
enum class When : std::uint8_t { always, stopping, banned, blocked, otherwise };

enum class Do : std::uint8_t {
  nothing,
  wait,      // call waited() after Step::wait
  login,     // begin the HTTPS conversation
  dial,      // open the link with what login gave
  announce,  // we are online: say hello
  goodbye,   // publish reachable=false; call goodbye_over() at its PUBACK or after the state's deadline
  close,     // MQTT DISCONNECT, WebSocket close, TCP close
  abort,     // drop what is being tried, then as finished
  finished,  // stopped: nothing is open any more
};

// A set of states, for rows that hold in several.
class StateSet {
 public:
  template <class... S>
  constexpr explicit(false) StateSet(S... states) : bits_((0U | ... | bit(states))) {}
  [[nodiscard]] constexpr bool has(ConnectionState s) const { return (bits_ & bit(s)) != 0; }

 private:
  static constexpr std::uint32_t bit(ConnectionState s) { return 1U << static_cast<unsigned>(s); }
  std::uint32_t bits_;
};

struct Move {
  StateSet in;
  Event on;
  When when;
  ConnectionState next;
  Do act;
};

// How long a state may last.
struct StateInfo {
  ConnectionState state;
  std::string_view name;       // as in state output and in STATES.md
  std::string_view waits_for;  // what ends it
  // 0: no timer of the session ends it; `bound` says why that is no way to hang.
  std::chrono::milliseconds deadline;
  std::string_view bound;
};

[[nodiscard]] const StateInfo &info(ConnectionState state);
[[nodiscard]] const char *state_name(ConnectionState state);
[[nodiscard]] std::span<const Move> moves();

// What holds at the moment of an event.
struct Facts {
  bool stopping = false;
  bool banned = false;
  bool blocked = false;
};
struct Next {
  ConnectionState state;
  Do act = Do::nothing;
  bool known = false;  // there is a row; else nothing changes
};
[[nodiscard]] Next next(ConnectionState in, Event on, const Facts &facts);

}  // namespace aclk::session
