// SPDX-License-Identifier: GPL-3.0-or-later
//
// When to ask the broker whether it is still there, and when it is not (proto/README.md, "Keep-alive";
// aclk/session/README.md, "Timers and limits"). Pure.
//
// The reference asks only when it has had nothing to send; an agent that publishes all the time never notices a dead
// peer. Here silence counts in both directions: nothing received for 3/4 of the keep-alive, or nothing sent for as
// long.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "aclk/loop/clock.h"

namespace aclk::mqtt {

class KeepAlive {
 public:
  // An answer that takes longer is none; with a short keep-alive, one that takes longer than that or kLeastAnswer.
  static constexpr std::chrono::seconds kMostAnswer{60};
  static constexpr std::chrono::seconds kLeastAnswer{5};
  // Of a broker that grants 0, which means none of it: a dead peer is to be noticed all the same.
  static constexpr std::chrono::seconds kDefault{60};

  // scale: of the time that an answer may take.
  explicit KeepAlive(loop::Instant now, loop::TimeScale scale = {})
      : scale_(scale), last_in_(now), last_out_(now), moved_(now) {}

  void granted(std::chrono::seconds keepalive) { keepalive_ = keepalive.count() > 0 ? keepalive : kDefault; }
  // Ask and say something after this long, if that is less than usual: something on the way cuts silent connections.
  void silent_at_most(std::chrono::milliseconds most) { most_quiet_ = most; }
  void heard(loop::Instant now) {  // a whole packet
    survived_ = std::max(survived_, silence(now));
    gap_ = {};
    last_in_ = now;
    asked_ = doubt_ = false;
  }
  void said(loop::Instant now) {
    gap_ = std::max(gap_, since_any(now));
    last_out_ = moved_ = now;
  }
  // The ping that due() wanted is on its way. It may have had to wait for the end of a long packet on a slow line: as
  // long as bytes of that go out, nobody can have received it, and nobody is late with the answer.
  void pinged(loop::Instant now) {
    last_out_ = now;
    if (std::exchange(waits_, false)) asked_at_ = now;  // not a later one: the first is what is not answered
  }
  // There is a reason to think that nobody is there any more: asks at once, and waits for the answer kLeastAnswer only.
  void doubt() {
    doubt_ = true;
    asked_ = false;
  }

  enum class Todo { nothing, ping, dead };
  // What is due. A ping counts as asked for; pinged() says when it has gone out.
  [[nodiscard]] Todo due(loop::Instant now) {
    if (asked_ && now >= asked() + answer_within()) return Todo::dead;
    const bool unheard = !asked_ && (doubt_ || now >= last_in_ + quiet());
    if (!unheard && now < last_out_ + quiet()) return Todo::nothing;
    if (!asked_) {
      asked_at_ = now;
      waits_ = true;
    }
    asked_ = true;
    last_out_ = now;
    return Todo::ping;
  }
  // The next time at which something may be due. Traffic only moves it later.
  [[nodiscard]] loop::Instant next() const {
    const auto said_enough = last_out_ + quiet();
    if (asked_) return std::min(asked() + answer_within(), said_enough);
    if (doubt_) return last_out_;
    return std::min(last_in_ + quiet(), said_enough);
  }
  [[nodiscard]] std::chrono::milliseconds answer_within() const {
    if (doubt_) return std::chrono::milliseconds(kLeastAnswer) / scale_.deadlines;
    return std::chrono::milliseconds(std::clamp(keepalive_, kLeastAnswer, kMostAnswer)) / scale_.deadlines;
  }

  // The longest time in which nothing went either way since the last packet was received: of a connection that ends
  // now, the silence that may have ended it. (While an answer is waited for, that before the question.)
  [[nodiscard]] std::chrono::milliseconds silence(loop::Instant now) const {
    return asked_ && !waits_ ? gap_ : std::max(gap_, since_any(now));
  }
  // The longest one after which something was received.
  [[nodiscard]] std::chrono::milliseconds survived() const { return survived_; }

 private:
  [[nodiscard]] std::chrono::milliseconds since_any(loop::Instant now) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - std::max(last_in_, moved_));
  }
  // However long a keep-alive the server grants: a dead peer is noticed within that of the default (proto/README.md,
  // "Keep-alive").
  [[nodiscard]] std::chrono::milliseconds quiet() const {
    return std::min(std::chrono::milliseconds(std::min(keepalive_, kDefault)) * 3 / 4, most_quiet_);
  }
  [[nodiscard]] loop::Instant asked() const { return waits_ ? std::max(asked_at_, moved_) : asked_at_; }

  std::chrono::seconds keepalive_ = kDefault;
  std::chrono::milliseconds most_quiet_ = std::chrono::milliseconds::max();
  std::chrono::milliseconds gap_{0};  // the longest silence since last_in_ that we have broken
  std::chrono::milliseconds survived_{0};
  loop::TimeScale scale_;
  loop::Instant last_in_;
  loop::Instant last_out_;
  loop::Instant moved_;  // as last_out_, but without what is only wanted
  loop::Instant asked_at_{};
  bool asked_ = false;
  bool waits_ = false;  // asked_, but the ping has not gone out
  bool doubt_ = false;
};

}  // namespace aclk::mqtt
