// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/worker_restart_policy.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>

namespace aclk::external {
namespace {

using namespace std::chrono_literals;

constexpr auto kStopTimeout = 2800ms;  // agents of both generations allow a plugin 2 to 3 s
constexpr auto kAfterKill = 200ms;     // for the kernel to clear away
constexpr auto kStableLife = 5min;     // after that a death is an accident, not a habit
constexpr auto kRecheck = 5min;        // whether a reason to rest still holds
constexpr std::chrono::seconds kFirstBackoff = 1s;
constexpr std::chrono::seconds kMaxBackoff = 60s;

std::string describe_end(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int sig = WTERMSIG(wait_status);
    const auto *const hint = sig == SIGKILL ? ", perhaps for lack of memory" : "";
    return fmt::format("was killed by signal {} ({}){}", sig, strsignal(sig), hint);
  }
  return fmt::format("ended with status {}", WEXITSTATUS(wait_status));
}

}  // namespace

WorkerRestartPolicy::Orders WorkerRestartPolicy::start() {
  Orders o;
  o.start = true;
  return o;
}

WorkerRestartPolicy::Orders WorkerRestartPolicy::end_worker(Time now) {
  state_ = State::ending;
  killed_ = false;
  at_ = now + kStopTimeout;
  Orders o;
  o.signal = SIGTERM;
  return o;
}

std::chrono::seconds WorkerRestartPolicy::next_backoff(Time now) {
  if (now - started_ >= kStableLife) deaths_ = 0;
  const auto wait = std::min(kMaxBackoff, kFirstBackoff * (1U << std::min(deaths_, 6U)));
  ++deaths_;
  return wait;
}

WorkerRestartPolicy::Orders WorkerRestartPolicy::on_identity(Time now, IdentitySeen seen) {
  wanted_ = seen.wants_worker;
  switch (state_) {
    case State::resting:
      return seen.wants_worker ? start() : Orders{};
    case State::waiting:
      if (!seen.wants_worker) state_ = State::resting;
      if (!seen.wants_worker || !seen.changed) return {};
      deaths_ = 0;
      return start();
    case State::running:
      if (seen.wants_worker && !seen.changed) return {};
      return end_worker(now);
    case State::ending:
    case State::gone:
      break;
  }
  return {};
}

void WorkerRestartPolicy::on_started(Time now) {
  state_ = State::running;
  why_.clear();
  started_ = now;
  left_alone_ = false;
}

WorkerRestartPolicy::Orders WorkerRestartPolicy::on_start_failed(Time now, const std::string &why) {
  started_ = now;
  state_ = State::waiting;
  const auto wait = next_backoff(now);
  at_ = now + wait;
  Orders o;
  o.error = why_ = fmt::format("cannot start the worker ({}); trying again in {} s", why, wait.count());
  return o;
}

WorkerRestartPolicy::Orders WorkerRestartPolicy::on_worker_end(Time now, int wait_status) {
  const bool asked = state_ == State::ending;
  if (leaving_) {
    state_ = State::gone;
    Orders o;
    o.exit = true;
    return o;
  }
  if (!wanted_) {
    state_ = State::resting;
    return {};
  }
  if (asked) {
    deaths_ = 0;
    last_rest_ = 0;
    state_ = State::resting;  // until on_started
    return start();
  }
  state_ = State::waiting;
  const int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
  if (const auto reason = reason_to_rest(status); !reason.empty()) {
    left_alone_ = status == kExitOwnLink || status == kExitBuiltInLink;
    at_ = now + kRecheck;
    Orders o;
    why_ = reason;
    if (last_rest_ != status) o.error = reason;
    last_rest_ = status;
    return o;
  }
  last_rest_ = 0;
  const auto wait = next_backoff(now);
  at_ = now + wait;
  Orders o;
  o.error = why_ = fmt::format("the worker {}; starting another one in {} s", describe_end(wait_status), wait.count());
  return o;
}

WorkerRestartPolicy::Orders WorkerRestartPolicy::on_quit(Time now) {
  if (leaving_) return {};
  leaving_ = true;
  if (state_ == State::running) return end_worker(now);
  if (state_ == State::ending) {
    at_ = std::min(at_, now + kStopTimeout);
    return {};
  }
  state_ = State::gone;
  Orders o;
  o.exit = true;
  return o;
}

WorkerRestartPolicy::Orders WorkerRestartPolicy::on_time(Time now) {
  if (now < at_) return {};
  if (state_ == State::waiting) return start();
  if (state_ != State::ending) return {};
  Orders o;
  if (!killed_) {
    killed_ = true;
    at_ = now + kAfterKill;
    o.signal = SIGKILL;
    o.error = "the worker did not stop in time and is killed";
  } else if (leaving_) {
    state_ = State::gone;
    o.exit = true;
  } else {
    at_ = now + kStopTimeout;
  }
  return o;
}

std::optional<WorkerRestartPolicy::Time> WorkerRestartPolicy::next() const {
  if (state_ == State::waiting || state_ == State::ending) return at_;
  return std::nullopt;
}

}  // namespace aclk::external
