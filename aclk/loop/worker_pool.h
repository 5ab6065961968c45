// SPDX-License-Identifier: GPL-3.0-or-later
//
// Threads for what may block: the host's hooks. Work goes in from the loop thread, its result comes back to it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "aclk/loop/loop.h"

namespace aclk::loop {

// Of pools that follow each other and whose work must not overlap: the workers of one pool have it while they work.
class Turn {
 public:
  // who: the pool, for as long as it is an address.
  [[nodiscard]] bool take(const void *who, std::chrono::milliseconds at_most);
  void give_back();
  [[nodiscard]] bool taken() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable free_;
  const void *who_ = nullptr;
  unsigned workers_ = 0;
};

class WorkerPool {
  struct State;

 public:
  // What is to be done on the loop thread with the result of a piece of work.
  using Done = std::function<void()>;

  // The threads of pools that are gone which still sit in their work. One thread at a time, but for any().
  class Stragglers {
   public:
    Stragglers() = default;
    ~Stragglers();  // waits for them
    Stragglers(const Stragglers &) = delete;
    Stragglers &operator=(const Stragglers &) = delete;

    // Any thread. Those that have come back are gone.
    [[nodiscard]] bool any();
    // False when some are left at that time.
    [[nodiscard]] bool wait_until_none(std::chrono::steady_clock::time_point until);

   private:
    friend class WorkerPool;
    std::mutex mutex_;
    std::vector<std::shared_ptr<State>> states_;
  };

  // Threads are started as work comes, at most `threads`; names them "ACLK_<name>". Results go through `inbox`.
  WorkerPool(const char *name, unsigned threads, Inbox &inbox, std::shared_ptr<Turn> turn = nullptr);
  // Waits for work that runs; what has not begun is dropped. Nothing comes back to the loop after this.
  ~WorkerPool();
  WorkerPool(const WorkerPool &) = delete;
  WorkerPool &operator=(const WorkerPool &) = delete;

  // Loop thread. Runs `work` on a worker, first come first served; the Done it returns (may be empty) runs on the loop.
  // `work` uses nothing that goes before the Stragglers do; the Done may, because it does not run then.
  void run(std::function<Done()> work);
  // Any thread. No new work is begun; true when all threads are idle or gone before the deadline.
  bool stop(std::chrono::milliseconds deadline);
  // Instead of waiting for them in the destructor. After stop().
  void leave_threads_to(Stragglers &stragglers);
  [[nodiscard]] unsigned threads() const;

 private:
  std::shared_ptr<State> s_;
};

}  // namespace aclk::loop
