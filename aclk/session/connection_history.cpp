// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/connection_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "claim/base/log_budget.h"

namespace aclk::session {
namespace {

using namespace std::chrono_literals;
using Ms = std::chrono::milliseconds;

constexpr std::size_t kKept = 32;
constexpr Ms kLeastSilence = 2s;  // less is no silence, but a link that fell while it was used
constexpr Ms kSlack = 1s;         // a cut comes when its owner looks at the clock
constexpr std::chrono::hours kLongestHold{24};

std::string seconds(Ms t) { return fmt::format("{:.3g} s", std::chrono::duration<double>(t).count()); }

std::string how_long(Ms t) { return duration_text(std::chrono::duration_cast<std::chrono::seconds>(t)); }

constexpr const char *kRaiseIt =
    "raise the time after which it ends silent connections above 60 s (nginx: proxy_read_timeout, HAProxy: timeout "
    "tunnel)";

}  // namespace

void Attempts::begin(std::int64_t wall_s, loop::Instant now) {
  Attempt a;
  a.number = ++begun_;
  a.began_s = wall_s;
  list_.push_back(std::move(a));
  if (list_.size() > kKept) list_.pop_front();
  since_ = now;
  running_ = true;
}

void Attempts::online(std::string sentence, loop::Instant now) {
  if (!running_ || list_.back().was_online) return;
  auto &a = list_.back();
  a.took = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_);
  a.stage = ConnectionState::online;
  a.status = login::Status::connected;
  a.sentence = std::move(sentence);
  a.was_online = true;
  since_ = now;
}

void Attempts::ended(ConnectionState stage, login::Status status, std::string sentence, loop::Instant now) {
  if (!std::exchange(running_, false)) return;
  auto &a = list_.back();
  a.status = status;
  a.sentence = std::move(sentence);
  if (a.was_online) {
    a.online_for = std::chrono::duration_cast<std::chrono::seconds>(now - since_);
  } else {
    a.took = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_);
    a.stage = stage;
  }
}

std::optional<std::string> ClockSkew::heard(std::int64_t cloud_s, std::int64_t wall_us) {
  // Beyond this it is no clock; and nothing below can overflow.
  constexpr std::int64_t kMaxS = 253'402'300'799;  // the year 9999
  if (cloud_s <= 0 || cloud_s > kMaxS) return std::nullopt;
  // The cloud's second is on average half over.
  offset_ms_ = wall_us / 1'000 - (cloud_s * 1'000 + 500);
  if (std::abs(*offset_ms_) <= kWarnAboveMs) {
    warned_ = false;
    return std::nullopt;
  }
  if (warned_) return std::nullopt;
  warned_ = true;
  return fmt::format(
      "this machine's clock is {} s {} of the cloud's: set it (chrony or systemd-timesyncd do so by themselves), or "
      "certificates may look expired and what this node reports gets wrong times",
      std::abs(*offset_ms_) / 1'000, *offset_ms_ > 0 ? "ahead" : "behind");
}

std::optional<KnownWay> HeadStart::begin() {
  agreement_.reset();
  dialed_.clear();
  const auto known = std::exchange(known_, std::nullopt);
  const bool lasted = std::exchange(long_, false);
  if (!known) return std::nullopt;
  dialed_ = known->endpoint.str();
  return KnownWay{known->endpoint, lasted ? std::optional(known->auth) : std::nullopt};
}

bool HeadStart::agreed(const login::Agreement &agreement) {
  agreement_ = agreement;
  auto endpoint = agreement.endpoint.str();
  if (endpoint == dialed_) return false;
  dialed_ = std::move(endpoint);
  return true;
}

bool Drops::is_idle_cut(const Drop &d) const {
  return d.without_a_word && d.silence >= kLeastSilence / scale_.deadlines && d.survived < d.silence;
}

bool Drops::alike(Ms a, Ms b, Ms c) const {
  const auto [least, most] = std::minmax({a, b, c});
  return most - least <= most / 5 + kSlack / scale_.deadlines;
}

std::optional<Ms> Drops::regular_cut() const {
  if (drops_.size() < 3) return std::nullopt;
  const auto last = drops_.end() - 3;
  if (!std::all_of(last, drops_.end(), [this](const Drop &d) { return is_idle_cut(d); })) return std::nullopt;
  if (!alike(last[0].silence, last[1].silence, last[2].silence)) return std::nullopt;
  return std::min({last[0].silence, last[1].silence, last[2].silence});
}

std::optional<Ms> Drops::regular_lifetime() const {
  if (drops_.size() < 3) return std::nullopt;
  const auto last = drops_.end() - 3;
  if (last[0].lifetime < 5s || !alike(last[0].lifetime, last[1].lifetime, last[2].lifetime)) return std::nullopt;
  return last[2].lifetime;
}

void Drops::shorten(Ms cut) {
  const auto quiet = std::max(cut / 2, kFloor / scale_.deadlines);
  if (quiet >= quiet_.value_or(kUsual)) return;
  const bool known = cut_.has_value();
  quiet_ = quiet;
  cut_ = cut;
  held_.reset();
  hold_ = 1h;
  if (!known)
    news_ = fmt::format(
        "ACLK: connections are cut after about {} without traffic: something on the way (a proxy, a load balancer, a "
        "firewall) ends those that are idle; the broker is asked every {} from now on",
        seconds(cut), seconds(quiet));
}

// What was tried is too much.
void Drops::back_off() {
  quiet_ = std::exchange(held_, std::nullopt);
  hold_ = std::min(hold_ * 4, kLongestHold);
}

void Drops::dropped(const Drop &drop) {
  drops_.push_back(drop);
  if (drops_.size() > kKept) drops_.pop_front();
  if (!quiet_ && !held_) {
    if (const auto cut = regular_cut()) shorten(*cut);
    return;
  }
  if (held_ && is_idle_cut(drop)) return back_off();
  if (drop.lifetime >= hold_) {
    held_ = quiet_;
    if (quiet_) {
      *quiet_ = *quiet_ * 3 / 2;
      if (*quiet_ >= kUsual) quiet_.reset();
      return;
    }
    // As seldom as usual, and that has held.
    held_.reset();
    cut_.reset();
    news_ = "ACLK: silent connections are not cut any more; the broker is asked as seldom as usual";
    return;
  }
  if (const auto cut = regular_cut()) shorten(*cut);
}

std::size_t Drops::count(loop::Instant now) const {
  return static_cast<std::size_t>(std::ranges::count_if(drops_, [&](const Drop &d) { return d.at + kWindow >= now; }));
}

std::string Drops::finding(loop::Instant now) const {
  const auto n = count(now);
  if (n < kFinding && !cut_) return {};
  const auto often = n < kFinding
                         ? std::string("the link fell")
                         : fmt::format("the link fell {}{} times in the last hour", n == kKept ? "more than " : "", n);
  if (cut_) {
    const auto asks = quiet_ ? fmt::format("the broker is asked every {} since", seconds(*quiet_))
                             : std::string("the broker is asked as seldom as usual again, to see whether that holds");
    const auto *const more = *cut_ <= kFloor / scale_.deadlines ? ", which is too seldom for that" : "";
    return fmt::format(
        "{}, after about {} without traffic: something on the way (a proxy, a load balancer, a firewall) "
        "cuts idle connections, and {}{}; {}",
        often, seconds(*cut_), asks, more, kRaiseIt);
  }
  if (const auto life = regular_lifetime())
    return fmt::format(
        "{}, each time after about {} online, whatever went over it: something on the way, or the broker, "
        "limits how long a connection may live; look for such a limit at the proxy or load balancer",
        often, how_long(*life));
  Ms least = Ms::max();
  Ms most{0};
  for (const auto &d : drops_) {
    if (d.at + kWindow < now) continue;
    least = std::min(least, d.lifetime);
    most = std::max(most, d.lifetime);
  }
  return fmt::format("{}, after {} to {} online; `netdata-aclk state` has the reason of each", often, how_long(least),
                     how_long(most));
}

}  // namespace aclk::session
