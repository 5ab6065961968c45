// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_retry_policy.h"

#include <algorithm>

#include "claim/base/hash.h"

namespace aclk::claim {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kFirstPause = 30s;
constexpr std::chrono::seconds kMaxPause = 30min;

}  // namespace

std::uint64_t ClaimRetryPolicy::both(std::uint64_t written_claims, std::uint64_t identity) {
  return Hash().add(written_claims).add(identity).value();
}

bool ClaimRetryPolicy::on_look(Time now, std::uint64_t written_claims, std::uint64_t identity) {
  if (running_) return false;
  if (written_claims == 0) {
    at_.reset();
    seen_.reset();
    return false;
  }
  const bool due = at_ && now >= *at_;
  if (seen_ == both(written_claims, identity) && !due) return false;
  if (!due) failures_ = 0;
  at_.reset();
  running_ = true;
  wishes_ = written_claims;
  return true;
}

void ClaimRetryPolicy::on_order() {
  if (running_) return;
  seen_.reset();
  at_.reset();
}

std::optional<std::chrono::seconds> ClaimRetryPolicy::on_end(Time now, bool again, std::uint64_t identity) {
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
