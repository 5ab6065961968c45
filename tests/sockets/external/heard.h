// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a poller tells.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "plugin-api/external/poll/poller.h"

namespace aclk::external::test {

inline constexpr PollIntervals kFast{std::chrono::milliseconds(10), std::chrono::milliseconds(10),
                                     std::chrono::milliseconds(10)};

// Everything a poller tells, in order; waits for a text to come.
class Heard {
 public:
  void add(const Event &e) {
    const std::lock_guard lock(mutex_);
    text_ += "?NICXAMR"[e.kind];
    changed_.notify_all();
  }
  bool wait_for(const std::string &part) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return text_.find(part) != std::string::npos; });
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    text_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

}  // namespace aclk::external::test
