// SPDX-License-Identifier: GPL-3.0-or-later
//
// The module's life between the host's orders: which thread reads cloud.d and makes or ends the link, and what is still
// to be done. One thread at a time does that: as long as there is no link a caller of start(), reload() or unclaim(),
// else the link's own. The order of anybody else is noted (due()) and its caller returns at once, because it may be
// inside a hook. What the connection does while there is a link is decided by another state machine
// (aclk/session/connection_state_machine.h).
//
// The table has the next state for each event; "-": nothing changes; "(noted)": only due() does.
//
//   state     host     looks at cloud.d   start      stop      reload      unclaim   thread_begun   leave
//   off       stopped  nobody             idle       -         -           wiping    -              -
//   wiping    stopped  a caller           looking    -         -           (noted)   -              off
//   idle      started  nobody             -          off       looking     looking   -              -
//   looking   started  a caller           -          wiping    (noted)     (noted)   living         idle
//   living    started  the link's thread  -          ending    (noted)     (noted)   -              idle
//   ending    stopped  the link's thread  refused    -         -           (noted)   -              off
//
// Pure: no thread, no lock. All calls under the module's mutex.
#pragma once

#include <cstdint>

namespace aclk::module {

class Lifecycle {
 public:
  enum class State : std::uint8_t { off, wiping, idle, looking, living, ending };
  // What is to be done. Each includes those before it: after a wipe the claim is read again.
  enum class Due : std::uint8_t { nothing, reread, wipe };
  enum class Start : std::uint8_t { done, started_already, still_ending };
  // What the caller of an order has to do now.
  enum class Turn : std::uint8_t {
    go,        // nothing to do: it does not count, or somebody else does it
    look,      // look at cloud.d until leave() is true
    end_link,  // tell the link to end: its thread does the rest
  };

  [[nodiscard]] Start start();
  void stop();

  // The first look after start(): `look`, unless somebody has looked since.
  [[nodiscard]] Turn begin();
  // What is in cloud.d may be different.
  [[nodiscard]] Turn reload();
  // The claim is to be wiped; also while the host has stopped us.
  [[nodiscard]] Turn unclaim();

  // By whoever looks, before each look: what is to be done. What changes from here on is not in it, and is noted anew.
  [[nodiscard]] Due take();
  // A link is wanted, and its thread begins: from here on that one looks. False: the host has stopped us.
  [[nodiscard]] bool thread_begun();
  // By whoever looks, when nothing is left to do. False: something is, so look again.
  [[nodiscard]] bool leave();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Due due() const { return due_; }
  [[nodiscard]] bool started() const {
    return state_ == State::idle || state_ == State::looking || state_ == State::living;
  }
  // Is there a thread of a link?
  [[nodiscard]] bool has_thread() const { return state_ == State::living || state_ == State::ending; }

 private:
  [[nodiscard]] Turn turn(State when_nobody_looks);

  State state_ = State::off;
  Due due_ = Due::nothing;
};

}  // namespace aclk::module
