// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claimer.h"

#include <algorithm>

#include "claim/base/hash.h"

namespace aclk::claim {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kFirstPause = 30s;
constexpr std::chrono::seconds kMaxPause = 30min;

}  // namespace

std::uint64_t Claimer::both(std::uint64_t wishes, std::uint64_t identity) {
  return Hash().add(wishes).add(identity).value();
}

bool Claimer::on_look(Time now, std::uint64_t wishes, std::uint64_t identity) {
  if (running_) return false;
  if (wishes == 0) {
    at_.reset();
    seen_.reset();
    return false;
  }
  const bool due = at_ && now >= *at_;
  if (seen_ == both(wishes, identity) && !due) return false;
  if (!due) failures_ = 0;
  at_.reset();
  running_ = true;
  wishes_ = wishes;
  return true;
}

void Claimer::on_order() {
  if (running_) return;
  seen_.reset();
  at_.reset();
}

std::optional<std::chrono::seconds> Claimer::on_end(Time now, bool again, std::uint64_t identity) {
  running_ = false;
  seen_ = both(wishes_, identity);
  if (!again) {
    failures_ = 0;
    return std::nullopt;
  }
  const auto pause = std::min(kMaxPause, kFirstPause * (1U << std::min(failures_, 6U)));
  ++failures_;
  at_ = now + pause;
  return pause;
}

}  // namespace aclk::claim
