// SPDX-License-Identifier: GPL-3.0-or-later
//
// The story of the last attempts to get and stay online, for state output: when, how long, how far, what came of it.
// Pure, bounded.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "aclk/login/status.h"
#include "aclk/loop/clock.h"
#include "aclk/session/states.h"

namespace aclk::session {

struct Attempt {
  std::uint64_t number = 0;                       // from 1, since the link began
  std::int64_t began_s = 0;                       // wall clock, epoch
  std::chrono::milliseconds took{0};              // until online, else until it failed
  ConnectionState stage = ConnectionState::env;   // the furthest reached
  login::Status status = login::Status::offline;  // connected, or why not, or why not any more
  std::string sentence;
  bool was_online = false;
  std::chrono::seconds online_for{0};  // once that is over
};

class Attempts {
 public:
  static constexpr std::size_t kKept = 20;

  void begin(std::int64_t wall_s, loop::Instant now);
  void online(std::string sentence, loop::Instant now);
  // The attempt, or the connection that it led to, is over. Does nothing when there is none that runs.
  void ended(ConnectionState stage, login::Status status, std::string sentence, loop::Instant now);

  // Oldest first; the last one may still run (status offline, no sentence).
  [[nodiscard]] const std::deque<Attempt> &list() const { return list_; }

 private:
  std::deque<Attempt> list_;
  loop::Instant since_{};  // the running one: its beginning, or since when it is online
  bool running_ = false;
  std::uint64_t begun_ = 0;
};

}  // namespace aclk::session
