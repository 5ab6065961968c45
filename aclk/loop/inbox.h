// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one door into the loop thread: any thread posts a function, the loop runs it.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>

namespace aclk::loop {

// Made and destroyed on the loop thread. post() may be called from any thread, also after the Inbox is gone (through a
// copied Post): such functions are destroyed unrun. Order is kept per posting thread.
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

}  // namespace aclk::loop
