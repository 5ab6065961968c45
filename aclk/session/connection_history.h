// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a link remembers of its attempts and connections, and concludes from it: the last ones for the state output, how
// far the cloud's clock is from ours, what the next attempt may do ahead of its turn, and whether connections keep
// falling. Pure and bounded: no clock, no socket. Loop thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "aclk/login/env.h"
#include "aclk/login/status.h"
#include "aclk/loop/clock.h"
#include "aclk/session/states.h"
#include "claim/base/url.h"

namespace aclk::session {

// An attempt to get and stay online, for state output: when, how long, how far, what came of it.
struct Attempt {
  std::uint64_t number = 0;                       // from 1, since the link began
  std::int64_t began_s = 0;                       // wall clock, epoch
  std::chrono::milliseconds took{0};              // until online, else until it failed
  ConnectionState stage = ConnectionState::env;   // the furthest reached
  login::Status status = login::Status::offline;  // connected, or why not, or why not any more
  std::string sentence;
  bool was_online = false;
  std::chrono::seconds online_for{0};  // once that is over
};

// The last ones.
class Attempts {
 public:
  static constexpr std::size_t kKept = 20;

  void begin(std::int64_t wall_s, loop::Instant now);
  void online(std::string sentence, loop::Instant now);
  // The attempt, or the connection that it led to, is over. Does nothing when there is none that runs.
  void ended(ConnectionState stage, login::Status status, std::string sentence, loop::Instant now);

  // Oldest first; the last one may still run (status offline, no sentence).
  [[nodiscard]] const std::deque<Attempt> &list() const { return list_; }

 private:
  std::deque<Attempt> list_;
  loop::Instant since_{};  // the running one: its beginning, or since when it is online
  bool running_ = false;
  std::uint64_t begun_ = 0;
};

// How far this machine's clock is from the cloud's, by the Date header of its answers. A wrong clock makes certificates
// look expired and puts every message of this node at a wrong time in the cloud; nobody looks for it.
class ClockSkew {
 public:
  // Date has whole seconds, and the answer was some time on its way: less than this is no offset.
  static constexpr std::int64_t kWarnAboveMs = 5'000;

  // An answer with the cloud's time (epoch seconds) came at our wall clock's `wall_us`. Gives a sentence for the log
  // when the offset has become too large; once, until it has been good again.
  [[nodiscard]] std::optional<std::string> heard(std::int64_t cloud_s, std::int64_t wall_us);
  // Ours minus the cloud's, milliseconds; nullopt before the first answer.
  [[nodiscard]] std::optional<std::int64_t> offset_ms() const { return offset_ms_; }

 private:
  std::optional<std::int64_t> offset_ms_;
  bool warned_ = false;
};

// Where an attempt may begin.
struct KnownWay {
  Url endpoint;              // the broker's
  std::optional<Url> login;  // Agreement::auth
};

// What an attempt may do before its turn, so that a connection takes fewer round trips. The broker is dialed as soon as
// it is known where it is: from the answer of /env on; right at the beginning, if the attempt follows a connection that
// was stable. After one that had lasted, the challenge is asked for beside /env, too: the cloud says the same then
// almost always. What turns out to be wrong is dropped, and done when its turn comes. Only the first attempt after such
// a connection is so bold: whatever made it fail, those after it go step by step. Pure.
class HeadStart {
 public:
  // A connection that fell earlier says less about the next, and where all of them keep falling the cloud is spared the
  // challenges.
  static constexpr std::chrono::seconds kLasted{60};

  // An attempt begins. What the cloud is believed to say; none: it has to be asked first.
  [[nodiscard]] std::optional<KnownWay> begin();
  // The answer of /env. True: the broker is to be dialed now, and what is dialed already, if anything, is another one.
  [[nodiscard]] bool agreed(const login::Agreement &agreement);
  // The connection that this attempt has made is a good one; and it has ended after so long.
  void stable() { known_ = agreement_; }
  void ended(std::chrono::milliseconds lasted) { long_ = lasted >= kLasted; }

 private:
  std::optional<login::Agreement> known_;      // of the last stable connection, until an attempt has used it
  std::optional<login::Agreement> agreement_;  // of this attempt
  bool long_ = false;                          // the last connection lasted
  std::string dialed_;                         // endpoint
};

// The end of a connection that was online, and that nobody here wanted.
struct Drop {
  loop::Instant at;
  std::chrono::milliseconds lifetime{0};  // online
  bool without_a_word = false;            // closed, reset, or no answer: no reason was given by the broker
  std::chrono::milliseconds silence{0};   // before it
  std::chrono::milliseconds survived{0};  // the longest silence before that one which did no harm
};

// A link that keeps falling: how often, after how long, and whether something on the way cuts connections that are
// silent. That cannot be seen from one end of one connection; three that ended after the same silence show it. Then the
// broker is asked twice as often as the cut would need, and later, carefully, less often again:
//
//   three ends in a row without a word, after the same silence,   the link is silent for half of that at most, and for
//   and no longer silence was survived before them                kFloor at least
//   a connection lasts for an hour, or what that became           half as long again for the next one, until the usual
//   one is cut at the silence that was tried like this            back to what held; the hour becomes 4, 16, 24
//
// For all connections of a process, one after the other.
class Drops {
 public:
  static constexpr std::chrono::milliseconds kUsual{45'000};  // see aclk/mqtt/keepalive.h
  static constexpr std::chrono::milliseconds kFloor{5'000};
  static constexpr std::chrono::minutes kWindow{60};
  static constexpr std::size_t kFinding = 3;  // so many in the window are reported

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
