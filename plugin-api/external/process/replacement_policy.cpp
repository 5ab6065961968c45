// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/replacement_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace aclk::external {
namespace {

using namespace std::chrono_literals;

constexpr auto kSettle = 300ms;     // a copy that is still being written, a package's script that gives it its owner
constexpr auto kTrialTime = 10s;    // a machine that is busy with an upgrade; the agent's plugins have nice 19
constexpr auto kMissing = 3s;       // an installation that removes first and copies then
constexpr auto kWhileBusy = 500ms;  // between looks whether what must not be cut off has ended
constexpr std::chrono::seconds kFirstRetry = 1s;
constexpr std::chrono::seconds kMaxRetry = 60s;
constexpr unsigned kSayAfter = 6;  // failures, a minute: an upgrade of many packages takes a while to configure them

}  // namespace

ReplacementPolicy::Orders ReplacementPolicy::on_look(Time now, const FileSeen &seen) {
  using Kind = FileSeen::Kind;
  Orders o;
  if (state_ == State::done || seen.kind == Kind::unknown) return o;
  if (seen.kind == Kind::missing && state_ == State::missing) return o;
  if (seen.kind == Kind::other && state_ != State::own && state_ != State::missing && seen.print == print_) return o;
  if (seen.kind == Kind::own && state_ == State::own) return o;
  o.stop_trial = state_ == State::trying;
  failures_ = 0;
  said_ = false;
  switch (seen.kind) {
    case Kind::missing:
      state_ = State::missing;
      at_ = now + kMissing;
      break;
    case Kind::other:
      state_ = State::settling;
      print_ = seen.print;
      at_ = now + kSettle;
      break;
    default:
      state_ = State::own;
      break;
  }
  return o;
}

void ReplacementPolicy::on_trial_end(Time now, const std::string &trouble) {
  if (state_ != State::trying) return;
  if (trouble.empty()) {
    state_ = State::ready;
    at_ = now;
    return;
  }
  state_ = State::failed;
  trouble_ = trouble;
  at_ = now + std::min(kMaxRetry, kFirstRetry * (1U << std::min(failures_, 6U)));
  ++failures_;
}

ReplacementPolicy::Orders ReplacementPolicy::on_time(Time now, bool busy) {
  Orders o;
  if (state_ == State::failed && failures_ >= kSayAfter && !std::exchange(said_, true))
    o.error = fmt::format(
        "aclk.plugin was replaced by one that cannot be run ({}); the old one goes on; install it again", trouble_);
  if (!next() || now < at_) return o;
  switch (state_) {
    case State::settling:
    case State::failed:
      state_ = State::trying;
      at_ = now + kTrialTime;
      o.try_out = true;
      break;
    case State::trying:
      o.stop_trial = true;
      on_trial_end(now, "it does not end");
      break;
    case State::ready:
      at_ = now + kWhileBusy;
      if (busy) break;
      state_ = State::done;
      o.become = true;
      o.info = "aclk.plugin was replaced by another one, which takes over now";
      break;
    case State::missing:
      state_ = State::done;
      o.end = true;
      o.info = "aclk.plugin was removed, and ends";
      break;
    default:
      break;
  }
  return o;
}

std::optional<ReplacementPolicy::Time> ReplacementPolicy::next() const {
  if (state_ == State::own || state_ == State::done) return std::nullopt;
  return at_;
}

}  // namespace aclk::external
