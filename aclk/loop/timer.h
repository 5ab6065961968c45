// SPDX-License-Identifier: GPL-3.0-or-later
//
// A one-shot timer on the loop. No timer running = no wake-up.
#pragma once

#include <uv.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace aclk::loop {

// Loop thread only. Destroying it, even from its own callback, cancels it; the memory goes when libuv says that the
// handle is closed, one turn of the loop later.
class Timer {
 public:
  explicit Timer(uv_loop_t &loop) : s_(new State) {
    uv_timer_init(&loop, &s_->handle);
    s_->handle.data = s_.get();
  }

  // Replaces what was planned. Calls fn once, `after` from now (never negative).
  void start(std::chrono::milliseconds after, std::function<void()> fn) {
    s_->fn = std::move(fn);
    // uv_now() is the start of the turn: without this a long turn would make the timer early.
    uv_update_time(s_->handle.loop);
    uv_timer_start(&s_->handle, fire, static_cast<std::uint64_t>(std::max<std::int64_t>(after.count(), 0)), 0);
  }
  void stop() {
    uv_timer_stop(&s_->handle);
    s_->fn = nullptr;
  }
  [[nodiscard]] bool running() const { return uv_is_active(reinterpret_cast<const uv_handle_t *>(&s_->handle)) != 0; }

 private:
  struct State {
    uv_timer_t handle{};
    std::function<void()> fn;
  };
  struct Close {
    void operator()(State *s) const noexcept {
      s->fn = nullptr;
      uv_close(reinterpret_cast<uv_handle_t *>(&s->handle),
               [](uv_handle_t *h) { delete static_cast<State *>(h->data); });
    }
  };
  static void fire(uv_timer_t *t) {
    auto fn = std::exchange(static_cast<State *>(t->data)->fn, nullptr);  // may delete the Timer: hold it here
    if (fn) fn();
  }
  std::unique_ptr<State, Close> s_;
};

}  // namespace aclk::loop
