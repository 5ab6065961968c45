// SPDX-License-Identifier: GPL-3.0-or-later
//
// The loop thread: the one libuv loop that all cloud state lives on (aclk/README.md, "Rules"), its timers, and the
// inbox, which is the only way into it for other threads. No timer that runs and nothing in the inbox means no wake-up.
#pragma once

#include <pthread.h>
#include <uv.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <utility>

namespace aclk::loop {

// Owns a uv loop. Whoever put handles on it must have closed them (their close callbacks may still be due) before the
// Loop dies; a handle left open is a bug and aborts, because freeing memory that libuv still points at is worse.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop &) = delete;
  Loop &operator=(const Loop &) = delete;

  [[nodiscard]] uv_loop_t &uv() { return loop_; }
  // Runs until nothing is left that keeps it alive, or until stop().
  void run();
  // Ends run() after the current turn. Loop thread only.
  void stop();
  // A few turns without waiting, so that closing handles are freed.
  void drain();

 private:
  uv_loop_t loop_{};
};

// A handle with what it calls. The memory goes when libuv says that the handle is closed, one turn of the loop later.
template <class Handle>
struct HandleState {
  Handle handle{};
  std::function<void()> fn;
};
struct CloseHandle {
  template <class Handle>
  void operator()(HandleState<Handle> *s) const noexcept {
    s->fn = nullptr;
    uv_close(reinterpret_cast<uv_handle_t *>(&s->handle),
             [](uv_handle_t *h) { delete static_cast<HandleState<Handle> *>(h->data); });
  }
};

// A one-shot timer. Loop thread only. Destroying it, even from its own callback, cancels it.
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
  using State = HandleState<uv_timer_t>;
  static void fire(uv_timer_t *t) {
    auto fn = std::exchange(static_cast<State *>(t->data)->fn, nullptr);  // may delete the Timer: hold it here
    if (fn) fn();
  }
  std::unique_ptr<State, CloseHandle> s_;
};

// What is to be done once, when all that is due in this turn of the loop has been, just before it waits: what came
// together can be done together. Loop thread only; destroyed like a Timer.
class BeforeWait {
 public:
  BeforeWait(uv_loop_t &loop, std::function<void()> fn) : s_(new State) {
    s_->fn = std::move(fn);
    uv_prepare_init(&loop, &s_->handle);
    s_->handle.data = s_.get();
  }

  // Calls fn once. Nothing more when it is planned already.
  void plan() {
    uv_prepare_start(&s_->handle, [](uv_prepare_t *p) {
      uv_prepare_stop(p);
      const auto fn = static_cast<State *>(p->data)->fn;  // may delete the BeforeWait: hold it here
      if (fn) fn();
    });
  }

 private:
  using State = HandleState<uv_prepare_t>;
  std::unique_ptr<State, CloseHandle> s_;
};

// Any thread posts a function, the loop runs it. Made and destroyed on the loop thread. post() may be called from any
// thread, also after the Inbox is gone (through a copied Post): such functions are destroyed unrun. Order is kept per
// posting thread.
class Inbox {
 public:
  using Post = std::function<bool(std::function<void()>)>;

  explicit Inbox(uv_loop_t &loop);
  ~Inbox();
  Inbox(const Inbox &) = delete;
  Inbox &operator=(const Inbox &) = delete;

  // False when the inbox is closed. Never runs `fn` itself; never blocks.
  bool post(std::function<void()> fn);
  // A handle to post with that may outlive the Inbox.
  [[nodiscard]] Post poster() const;

 private:
  struct State;
  std::shared_ptr<State> s_;
};

// What a thread of ours does first, inside a process that may be somebody else's. `name`: at most 15 bytes. Blocks
// SIGPIPE: a socket or pipe whose other end is gone is an error to handle, not a reason to die, whatever the host's
// signals are. Threads that this one starts inherit that.
inline void begin_own_thread(const char *name) {
  pthread_setname_np(pthread_self(), name);
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

}  // namespace aclk::loop
