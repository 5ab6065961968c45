// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one libuv loop that all cloud state lives on (aclk/README.md, "Rules").
#pragma once

#include <uv.h>

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

}  // namespace aclk::loop
