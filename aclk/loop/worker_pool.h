// SPDX-License-Identifier: GPL-3.0-or-later
//
// Threads for what may block: the host's hooks. Work goes in from the loop thread, its result comes back to it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "aclk/loop/inbox.h"

namespace aclk::loop {

class WorkerPool {
 public:
  // What is to be done on the loop thread with the result of a piece of work.
  using Done = std::function<void()>;

  // Threads are started as work comes, at most `threads`; names them "ACLK_<name>". Results go through `inbox`.
  WorkerPool(const char *name, unsigned threads, Inbox &inbox);
  // Waits for work that runs; what has not begun is dropped. Nothing comes back to the loop after this.
  ~WorkerPool();
  WorkerPool(const WorkerPool &) = delete;
  WorkerPool &operator=(const WorkerPool &) = delete;

  // Loop thread. Runs `work` on a worker, first come first served; the Done it returns (may be empty) runs on the loop.
  void run(std::function<Done()> work);
  // Any thread. No new work is begun; true when all threads are idle or gone before the deadline.
  bool stop(std::chrono::milliseconds deadline);
  [[nodiscard]] unsigned threads() const;

 private:
  struct State;
  std::shared_ptr<State> s_;
};

}  // namespace aclk::loop
