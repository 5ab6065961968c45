// SPDX-License-Identifier: GPL-3.0-or-later
//
// NACLK_OPTION_CLAIM: makes the claims that are written down (claim/claim_sources.h) and reports when the identity in
// cloud.d changes. What aclk.plugin's supervisor does with a process, this does with a thread of its own, "ACLK_CLAIM".
// The thread sleeps in poll() on inotify; only while it asks the cloud does it have a socket.
//
//   waits for                                     then
//   a change of the files, an order               after 200 ms (a claim writes several files): looks
//   the next attempt, 30 s to 30 min              looks
//   end                                           is gone; a request that is under way is given up within about 1 s
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "aclk/host/log.h"
#include "claim/base/c_own.h"
#include "claim/claim_retry.h"
#include "claim/claim_sources.h"
#include "claim/file_watch.h"

namespace aclk::module {

class ClaimThread {
 public:
  // Begins with a look. `changed`: on that thread, when the identity is another one than it was here or at the
  // last call. A thread that cannot be had is named in the log. Host and log outlive it.
  ClaimThread(const host::Host &host, const host::Log &log, std::function<void()> changed);
  ~ClaimThread();  // ask_end(), and waits for as long as it takes
  ClaimThread(const ClaimThread &) = delete;
  ClaimThread &operator=(const ClaimThread &) = delete;

  // Any thread; neither blocks. What was refused or settled is looked at as if it were new.
  void look_again();
  void ask_end();
  // True: the thread has nothing left to do.
  [[nodiscard]] bool wait_end(std::chrono::steady_clock::time_point until);

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void wait();
  void look();
  void claim();
  void wake() const;
  void take_wakes();
  [[nodiscard]] claim::Places places() const;

  const host::Host &host_;
  const host::Log &log_;
  const std::function<void()> changed_;
  claim::FileWatch cloud_watch_;
  claim::FileWatch config_watch_;
  Fd woken_;  // eventfd
  std::atomic<bool> ending_{false};
  std::atomic<bool> ordered_{false};
  // Below: of the thread.
  std::uint64_t print_;
  claim::ClaimRetryPolicy claimer_;
  claim::ClaimLog claim_log_;
  Clock::time_point look_at_{};
  std::promise<void> over_;
  std::future<void> ended_ = over_.get_future();
  std::thread thread_;
};

}  // namespace aclk::module
