// SPDX-License-Identifier: GPL-3.0-or-later
//
// A loop for one test. Its destruction is a test of its own: it aborts if anybody left a handle open.
#pragma once

#include <chrono>
#include <functional>

#include "aclk/loop/loop.h"
#include "claim/base/result.h"

namespace aclk::test {

// A `done` that did not come. (CMocka has a macro called fail.)
inline tl::unexpected<Error> no_answer() { return tl::unexpected<Error>(Error{Errc::cancelled, "no answer"}); }

class OnLoop {
 public:
  OnLoop() {
    uv_prepare_init(&loop_.uv(), &before_poll_);
    before_poll_.data = this;
    // Timers run before the loop waits: if one of them was what the test waits for, there is nothing to wait for.
    uv_prepare_start(&before_poll_, [](uv_prepare_t *h) {
      const auto &self = *static_cast<OnLoop *>(h->data);
      if (self.what_ != nullptr && (*self.what_)()) uv_stop(h->loop);
    });
    uv_unref(handle());
  }
  ~OnLoop() {
    uv_close(handle(), nullptr);
    loop_.drain();
  }
  OnLoop(const OnLoop &) = delete;
  OnLoop &operator=(const OnLoop &) = delete;

  [[nodiscard]] uv_loop_t &uv() { return loop_.uv(); }
  // Turns the loop until `what` is true; false when that takes too long.
  bool until(const std::function<bool()> &what, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    bool late = false;
    loop::Timer t(loop_.uv());
    t.start(limit, [&late] { late = true; });
    const std::function<bool()> over = [&] { return late || what(); };
    const auto *const outer = std::exchange(what_, &over);
    while (!over()) uv_run(&loop_.uv(), UV_RUN_ONCE);
    what_ = outer;
    return what();
  }
  // Turns it for that long.
  void during(std::chrono::milliseconds time) {
    (void)until([] { return false; }, time);
  }
  // For what another thread brings about: looks every millisecond.
  bool until_elsewhere(const std::function<bool()> &what) {
    for (int i = 0; i < 10'000 && !what(); ++i) during(std::chrono::milliseconds(1));
    return what();
  }

 private:
  uv_handle_t *handle() { return reinterpret_cast<uv_handle_t *>(&before_poll_); }

  uv_prepare_t before_poll_{};  // outlives the loop
  const std::function<bool()> *what_ = nullptr;
  loop::Loop loop_;
};

}  // namespace aclk::test
