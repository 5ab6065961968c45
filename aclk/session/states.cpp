// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/states.h"

#include <algorithm>
#include <array>

namespace aclk::session {
namespace {

using namespace std::chrono_literals;
using S = ConnectionState;
using E = Event;

// Each request has its own 30 s (aclk/session/README.md, "HTTPS requests"), the dial 10 s with the proxy's part in it
// (claim/README.md, "Proxy"), the set-up 60 s for all its parts together (proto/README.md, "WebSocket upgrade"); those
// report first, with a better sentence. These here are the net below them: a little later.
constexpr auto kRequest = 35'000ms;
constexpr auto kDial = 15'000ms;
constexpr auto kSetup = 65'000ms;

constexpr std::array kInfo{
    StateInfo{S::not_claimed, "not claimed", "a claim", 0ms, "nothing runs: no thread, no socket, no DNS"},
    StateInfo{S::disabled, "disabled", "enabled = yes, and a reload or restart", 0ms, "nothing runs"},
    StateInfo{S::stopped, "stopped", "start", 0ms, "nothing is open"},
    StateInfo{S::waiting, "waiting", "the end of the backoff", 0ms, "its own timer: at most 300 s"},
    StateInfo{S::blocked, "blocked", "the end of the time the cloud ordered", 0ms,
              "its own timer: at most a day, or what DisconnectReq says"},
    StateInfo{S::banned, "banned", "a reload of the claim, or a restart", 0ms, "the cloud wants no further attempt"},
    StateInfo{S::env, "env", "the answer of /api/v1/env", kRequest, "30 s for the request"},
    StateInfo{S::challenge, "challenge", "the challenge", kRequest, "30 s for the request"},
    StateInfo{S::password, "password", "the password", kRequest, "30 s for the request"},
    StateInfo{S::dialing, "dialing", "a TCP connection: DNS, every address, the proxy", kDial,
              "10 s, the proxy's part of it included"},
    StateInfo{S::tls, "TLS", "the handshake", kSetup, "60 s for TLS, WebSocket and CONNECT together"},
    StateInfo{S::websocket, "WebSocket", "HTTP 101", kSetup, "60 s for TLS, WebSocket and CONNECT together"},
    StateInfo{S::connect, "CONNECT", "CONNACK", kSetup, "60 s for TLS, WebSocket and CONNECT together"},
    StateInfo{S::online, "online", "its end", 0ms,
              "a PINGREQ without an answer, a publish without PUBACK, sent bytes without ACK: 60 s each"},
    StateInfo{S::draining, "draining", "the PUBACK of the goodbye", 2'000ms, "2 s"},
    StateInfo{S::closing, "closing", "the end of the connection", 2'000ms, "1 s, then it is cut"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kInfo.size(); ++i)
    if (static_cast<std::size_t>(kInfo[i].state) != i) return false;
  return true;
}
static_assert(kInfo.size() == kStates && in_order(), "one row per ConnectionState, in its order");

constexpr StateSet kLogin{S::env, S::challenge, S::password};
constexpr StateSet kSetupStates{S::dialing, S::tls, S::websocket, S::connect};
constexpr StateSet kTrying{S::env, S::challenge, S::password, S::dialing, S::tls, S::websocket, S::connect};
constexpr StateSet kUp{S::env, S::challenge, S::password, S::dialing, S::tls, S::websocket, S::connect, S::online};
constexpr StateSet kLeaving{S::draining, S::closing};

constexpr std::array kMoves{
    // Without an identity.
    Move{{S::not_claimed, S::disabled}, E::claimed, When::always, S::stopped, Do::nothing},
    Move{{S::not_claimed, S::stopped}, E::turned_off, When::always, S::disabled, Do::nothing},
    Move{{S::disabled, S::stopped}, E::unclaimed, When::always, S::not_claimed, Do::nothing},
    // The way online.
    Move{S::stopped, E::start, When::always, S::waiting, Do::wait},
    Move{{S::waiting, S::blocked}, E::due, When::always, S::env, Do::login},
    Move{S::env, E::agreed, When::always, S::challenge, Do::nothing},
    Move{S::challenge, E::challenged, When::always, S::password, Do::nothing},
    Move{S::password, E::credentials, When::always, S::dialing, Do::dial},
    Move{S::dialing, E::dialed, When::always, S::tls, Do::nothing},
    Move{S::tls, E::secured, When::always, S::websocket, Do::nothing},
    Move{S::websocket, E::upgraded, When::always, S::connect, Do::nothing},
    Move{S::connect, E::accepted, When::always, S::online, Do::announce},
    // What goes wrong. Only the HTTPS half brings orders with its failures.
    Move{kLogin, E::failed, When::banned, S::banned, Do::nothing},
    Move{kLogin, E::failed, When::blocked, S::blocked, Do::wait},
    Move{kUp, E::failed, When::otherwise, S::waiting, Do::wait},
    Move{kTrying, E::overdue, When::always, S::waiting, Do::wait},
    // Leaving.
    Move{S::online, E::ordered, When::always, S::draining, Do::goodbye},
    Move{S::draining, E::said, When::always, S::closing, Do::close},
    Move{S::draining, E::overdue, When::always, S::closing, Do::close},
    Move{kLeaving, E::failed, When::stopping, S::stopped, Do::finished},
    Move{kLeaving, E::failed, When::banned, S::banned, Do::nothing},
    Move{kLeaving, E::failed, When::blocked, S::blocked, Do::wait},
    Move{kLeaving, E::failed, When::otherwise, S::waiting, Do::wait},
    Move{S::closing, E::overdue, When::stopping, S::stopped, Do::abort},
    Move{S::closing, E::overdue, When::banned, S::banned, Do::nothing},
    Move{S::closing, E::overdue, When::blocked, S::blocked, Do::wait},
    Move{S::closing, E::overdue, When::otherwise, S::waiting, Do::wait},
    // Stopping.
    Move{{S::stopped, S::waiting, S::blocked, S::banned}, E::stop, When::always, S::stopped, Do::finished},
    Move{kLogin, E::stop, When::always, S::stopped, Do::abort},
    Move{kSetupStates, E::stop, When::always, S::stopped, Do::abort},
    Move{S::online, E::stop, When::always, S::draining, Do::goodbye},
    Move{S::draining, E::stop, When::always, S::draining, Do::nothing},
    Move{S::closing, E::stop, When::always, S::closing, Do::nothing},
};

bool holds(When when, const Facts &f) {
  switch (when) {
    case When::stopping:
      return f.stopping;
    case When::banned:
      return f.banned;
    case When::blocked:
      return f.blocked;
    case When::always:
    case When::otherwise:
      break;
  }
  return true;
}

}  // namespace

const StateInfo &info(ConnectionState state) { return kInfo[std::min(static_cast<std::size_t>(state), kStates - 1)]; }

const char *state_name(ConnectionState state) { return info(state).name.data(); }

std::span<const Move> moves() { return kMoves; }

Next next(ConnectionState in, Event on, const Facts &facts) {
  for (const auto &m : kMoves)
    if (m.on == on && m.in.has(in) && holds(m.when, facts)) return {m.next, m.act, true};
  return {in, Do::nothing, false};
}

}  // namespace aclk::session
