// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/module/lifecycle.h"

#include <algorithm>
#include <utility>

namespace aclk::module {

Lifecycle::Start Lifecycle::start() {
  switch (state_) {
    case State::off:
      state_ = State::idle;
      return Start::done;
    case State::wiping:
      state_ = State::looking;
      due_ = std::max(due_, Due::reread);
      return Start::done;
    case State::ending:
      return Start::still_ending;
    case State::idle:
    case State::looking:
    case State::living:
      break;
  }
  return Start::started_already;
}

void Lifecycle::stop() {
  switch (state_) {
    case State::idle:
      state_ = State::off;
      return;
    case State::looking:
      state_ = State::wiping;
      return;
    case State::living:
      state_ = State::ending;
      return;
    case State::off:
    case State::wiping:
    case State::ending:
      return;
  }
}

// The order is noted; who does it?
Lifecycle::Turn Lifecycle::turn(State when_nobody_looks) {
  if (has_thread()) return Turn::end_link;
  if (state_ == State::looking || state_ == State::wiping) return Turn::go;
  state_ = when_nobody_looks;
  return Turn::look;
}

Lifecycle::Turn Lifecycle::begin() { return state_ == State::idle ? reload() : Turn::go; }

Lifecycle::Turn Lifecycle::reload() {
  if (!started()) return Turn::go;
  due_ = std::max(due_, Due::reread);
  return turn(State::looking);
}

Lifecycle::Turn Lifecycle::unclaim() {
  due_ = Due::wipe;
  return turn(started() ? State::looking : State::wiping);
}

Lifecycle::Due Lifecycle::take() { return std::exchange(due_, Due::nothing); }

bool Lifecycle::thread_begun() {
  if (state_ != State::looking) return false;
  state_ = State::living;
  return true;
}

bool Lifecycle::leave() {
  if (due_ == Due::wipe || (due_ == Due::reread && started())) return false;
  due_ = Due::nothing;
  state_ = started() ? State::idle : State::off;
  return true;
}

}  // namespace aclk::module
