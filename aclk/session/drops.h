// SPDX-License-Identifier: GPL-3.0-or-later
//
// A link that keeps falling: how often, after how long, and whether something on the way cuts connections that are
// silent. That cannot be seen from one end of one connection; three that ended after the same silence show it. Then the
// broker is asked twice as often as the cut would need, and later, carefully, less often again:
//
//   three ends in a row without a word, after the same silence,   the link is silent for half of that at most, and for
//   and no longer silence was survived before them                kFloor at least
//   a connection lasts for an hour, or what that became           half as long again for the next one, until the usual
//   one is cut at the silence that was tried like this            back to what held; the hour becomes 4, 16, 24
//
// Pure: no clock, no socket. For all connections of a process, one after the other.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "aclk/loop/clock.h"
#include "aclk/loop/time_scale.h"

namespace aclk::session {

// The end of a connection that was online, and that nobody here wanted.
struct Drop {
  loop::Instant at;
  std::chrono::milliseconds lifetime{0};  // online
  bool without_a_word = false;            // closed, reset, or no answer: no reason was given by the broker
  std::chrono::milliseconds silence{0};   // before it
  std::chrono::milliseconds survived{0};  // the longest silence before that one which did no harm
};

class Drops {
 public:
  static constexpr std::chrono::milliseconds kUsual{45'000};  // see aclk/mqtt/keepalive.h
  static constexpr std::chrono::milliseconds kFloor{5'000};
  static constexpr std::chrono::minutes kWindow{60};
  static constexpr std::size_t kFinding = 3;  // so many in the window are worth a word

  // scale: of the times that make a silence one.
  explicit Drops(loop::TimeScale scale = {}) : scale_(scale) {}

  void dropped(const Drop &drop);

  // How long the next connection may be silent; nullopt: as long as usual.
  [[nodiscard]] std::optional<std::chrono::milliseconds> quiet() const { return quiet_; }
  // In the window before `now`.
  [[nodiscard]] std::size_t count(loop::Instant now) const;
  // What is to be logged of it, "what; next step"; empty: nothing.
  [[nodiscard]] std::string finding(loop::Instant now) const;
  // The line for the log about what dropped() has decided, once.
  [[nodiscard]] std::optional<std::string> take_news() { return std::exchange(news_, std::nullopt); }

 private:
  using Ms = std::chrono::milliseconds;

  [[nodiscard]] bool is_idle_cut(const Drop &drop) const;
  [[nodiscard]] bool alike(Ms a, Ms b, Ms c) const;
  // The silence after which the last three were cut; nullopt: they were not.
  [[nodiscard]] std::optional<Ms> regular_cut() const;
  [[nodiscard]] std::optional<Ms> regular_lifetime() const;
  void back_off();
  void shorten(Ms cut);

  loop::TimeScale scale_;
  std::deque<Drop> drops_;      // bounded, oldest first
  std::optional<Ms> quiet_;     // shorter than usual
  std::optional<Ms> cut_;       // after this silence connections were cut
  std::optional<Ms> held_;      // quiet_ is a try of more than this, which has held
  std::chrono::hours hold_{1};  // so long it has to hold before more is tried
  std::optional<std::string> news_;
};

}  // namespace aclk::session
