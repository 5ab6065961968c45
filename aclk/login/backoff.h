// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long to wait before an attempt: truncated binary exponential with jitter (aclk/session/README.md, "Backoff").
// Pure.
#pragma once

#include <chrono>
#include <cstdint>

namespace aclk::login {

// What the cloud's last good /env said, in seconds.
struct BackoffLimits {
  std::uint32_t base = 2;      // 1 to 10; 0 counts as 1
  std::uint32_t min_s = 0;     // above 300 it is taken for milliseconds by mistake and ignored
  std::uint32_t max_s = 1024;  // delays are never above 300 s, whatever this says; 0 counts as not given
};

class Backoff {
 public:
  // The documents promise users about five minutes at most.
  static constexpr std::chrono::seconds kMaxDelay{300};

  void set_limits(const BackoffLimits &limits) { limits_ = limits; }
  // The wait before the next attempt; counts it. `jitter` in [0, 1). The first one after construction or reset is 0, so
  // is no other. Attempt n waits base^(n-1) s and up to half as much again (at least up to 1 s more), never less than
  // min_s. Where that is above max_s or kMaxDelay it waits for those, less up to 5 %: neither the least nor the most
  // wait is the same for everybody.
  [[nodiscard]] std::chrono::milliseconds next(double jitter);
  void reset() { attempts_ = 0; }

  // Beside the count of attempts: the least wait after the n-th time (from 1) in a row that another client has taken
  // our session. 60 s, doubling, at most kMaxDelay, and up to half as much again below the cap: two clones must not
  // throw each other out in turn.
  [[nodiscard]] static std::chrono::milliseconds after_takeover(std::uint32_t n, double jitter);

 private:
  BackoffLimits limits_;
  std::uint32_t attempts_ = 0;
};

}  // namespace aclk::login
