// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/loop/loop.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

namespace aclk::loop {
Loop::Loop() {
  if (uv_loop_init(&loop_) != 0) std::abort();  // only out of memory or descriptors at start
}

Loop::~Loop() {
  drain();
  if (uv_loop_close(&loop_) != 0) {
    uv_print_all_handles(&loop_, stderr);
    std::abort();
  }
}

void Loop::run() { uv_run(&loop_, UV_RUN_DEFAULT); }

void Loop::stop() { uv_stop(&loop_); }

void Loop::drain() {
  for (int i = 0; i < 16; ++i) uv_run(&loop_, UV_RUN_NOWAIT);
}

struct Inbox::State {
  uv_async_t async{};
  std::mutex mutex;
  std::vector<std::function<void()>> waiting;
  bool open = true;
  std::mutex waking;  // uv_async_send must not meet uv_close; not `mutex`, which the woken loop wants at once
  bool closed = false;

  bool post(std::function<void()> fn) {
    {
      const std::lock_guard lock(mutex);
      if (!open) return false;
      waiting.push_back(std::move(fn));
      if (waiting.size() > 1) return true;
    }
    const std::lock_guard lock(waking);
    if (!closed) uv_async_send(&async);
    return true;
  }

  void run() {
    std::vector<std::function<void()>> now;
    {
      const std::lock_guard lock(mutex);
      now.swap(waiting);
    }
    for (auto &fn : now) {
      // One of them closed the inbox: the rest is destroyed unrun. Without the lock: only this thread writes it.
      if (!open) return;
      fn();
      fn = nullptr;
    }
  }
};

Inbox::Inbox(uv_loop_t &loop) : s_(std::make_shared<State>()) {
  // The handle keeps its own reference until libuv has closed it.
  s_->async.data = new std::shared_ptr<State>(s_);
  const auto on_wake = [](uv_async_t *a) {
    const auto keep = *static_cast<std::shared_ptr<State> *>(a->data);
    keep->run();
  };
  if (uv_async_init(&loop, &s_->async, on_wake) != 0) std::abort();
}

Inbox::~Inbox() {
  std::vector<std::function<void()>> unrun;
  {
    const std::lock_guard lock(s_->mutex);
    s_->open = false;
    unrun.swap(s_->waiting);
  }
  {
    const std::lock_guard lock(s_->waking);
    s_->closed = true;
  }
  uv_close(reinterpret_cast<uv_handle_t *>(&s_->async),
           [](uv_handle_t *h) { delete static_cast<std::shared_ptr<State> *>(h->data); });
}

bool Inbox::post(std::function<void()> fn) { return s_->post(std::move(fn)); }

Inbox::Post Inbox::poster() const {
  return [s = s_](std::function<void()> fn) { return s->post(std::move(fn)); };
}

}  // namespace aclk::loop
