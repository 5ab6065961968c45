// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_retry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

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
  claims_ = written_claims;
  return true;
}

void ClaimRetryPolicy::on_order() {
  if (running_) return;
  seen_.reset();
  at_.reset();
}

std::optional<std::chrono::seconds> ClaimRetryPolicy::on_end(Time now, ClaimEnd how, std::uint64_t identity) {
  running_ = false;
  seen_ = both(claims_, identity);
  if (how == ClaimEnd::settled) {
    failures_ = 0;
    return std::nullopt;
  }
  const auto pause = std::min(kMaxPause, kFirstPause * (1U << std::min(failures_, 6U)));
  ++failures_;
  at_ = now + pause;
  return pause;
}

void ClaimLog::begin(ClaimTry which) {
  bad_.clear();
  good_.clear();
  if (which == ClaimTry::first) {
    outage_ = {};
    outcome_.attempts = 0;
  }
  outcome_.runs = true;
}

void ClaimLog::line(ClaimLine kind, const std::string &text) {
  if (kind == ClaimLine::failure) {
    bad_.push_back(text);
    return;
  }
  good_ = text;
  if (outage_.first(text)) log_(ClaimLine::news, text);
}

// Of several sources that failed each is told; what only led to an end is not.
void ClaimLog::conclude(std::optional<std::chrono::seconds> pause, std::int64_t wall_s) {
  auto &o = outcome_;
  o.runs = false;
  o.ended_s = wall_s;
  o.next_s = pause ? wall_s + pause->count() : 0;
  o.bad = pause || !bad_.empty();
  o.line = o.bad ? fmt::format("{}", fmt::join(bad_, "; ")) : good_;
  if (o.bad && o.line.empty()) o.line = "it did not work";
  if (!o.bad)
    o.attempts = 0;
  else if (++o.attempts == 1)
    o.since_s = wall_s;
}

void ClaimLog::end(std::optional<std::chrono::seconds> pause, Outage::Moment at) {
  conclude(pause, at.wall_s);
  const auto bad = std::exchange(bad_, {});
  if (!pause) {  // settled, for better or for worse
    for (const auto &text : bad) log_(ClaimLine::failure, text);
    if (const auto how = outage_.over(at); how && bad.empty()) log_(ClaimLine::news, "it worked " + *how);
    return;
  }
  const auto what = bad.empty() ? std::string("it did not work") : bad.back();
  const auto tell = outage_.failed(fmt::format("{}", fmt::join(bad, "\n")), at);
  if (tell == Outage::Tell::in_full) {
    for (const auto &text : bad) log_(ClaimLine::failure, text);
    log_(ClaimLine::news, fmt::format("trying again in {} s, or when what asks for the claim changes", pause->count()));
  } else if (tell == Outage::Tell::summary) {
    log_(ClaimLine::failure,
         fmt::format("still not claimed: {}; {}, the next in {}", what, outage_.tally(at), duration_text(*pause)));
  }
}

}  // namespace aclk::claim
