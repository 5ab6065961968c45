// SPDX-License-Identifier: GPL-3.0-or-later
//
// What keeps a log from being filled, by a cloud that is away for a night or by a peer that sends nonsense as fast as
// it can: an Outage says which failures of a row of them are logged, a LogBudget how many lines somebody else can
// cause. Pure: the caller brings the time, and writes the lines.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aclk {

// Failures that repeat are logged once, then summed up. An outage lasts from its first failure until something works
// again. Within it
//
//   a failure of a kind not seen before     is logged in full, at once
//   the same again                          is only counted; after 4, 8, 16 … attempts, and at least once in an hour in
//                                           which something was tried, one line says that it still does not work
//   the end                                 is one line: how many attempts, how long
//
// Of one kind are texts that differ in nothing but words with digits in them (ports, times, addresses, ids). So much
// for the first kMaxKinds kinds of an outage; more are counted as if they had been seen.
class Outage {
 public:
  static constexpr std::size_t kMaxKinds = 32;

  struct Moment {
    std::chrono::steady_clock::time_point now;
    std::int64_t wall_s = 0;  // epoch
  };
  enum class Tell : std::uint8_t { in_full, summary, nothing };

  // What worked does so no more. Begins an outage; always to be logged in full. No attempt has been made yet.
  void lost(std::string_view kind, Moment at);
  // An attempt has failed.
  [[nodiscard]] Tell failed(std::string_view kind, Moment at);
  // A line on the way of an attempt, whatever becomes of it: true = say it, it is the first of its kind.
  [[nodiscard]] bool first(std::string_view line);

  // "12 attempts since 10:33:45". The time is local; with its date when that was not in the last 20 hours.
  [[nodiscard]] std::string tally(Moment at) const;
  // It works: "after 12 attempts in 1 h 5 min". nullopt when no attempt had failed. Everything begins anew.
  [[nodiscard]] std::optional<std::string> over(Moment at);

 private:
  [[nodiscard]] bool seen(std::string text);

  std::vector<std::string> kinds_;
  std::optional<Moment> began_;
  std::chrono::steady_clock::time_point told_{};
  std::uint64_t attempts_ = 0;
};

// The text with every word that has a digit replaced by '#': a word is a run of letters, digits, '.', ':', '-' and '_'.
[[nodiscard]] std::string kind_of(std::string_view text);

// "45 s", "3 min", "2 h 5 min", "3 d 2 h": what a person wants to know, rounded down.
[[nodiscard]] std::string duration_text(std::chrono::seconds t);

// At most `per_window` subjects are logged in each window; the others are counted.
class LogBudget {
 public:
  LogBudget(unsigned per_window, std::chrono::seconds window) : per_window_(per_window), window_(window) {}

  // May this one be logged?
  [[nodiscard]] bool allow(std::chrono::steady_clock::time_point now) {
    if (now - begin_ >= window_) {
      begin_ = now;
      used_ = 0;
    }
    if (used_ < per_window_) {
      ++used_;
      return true;
    }
    ++silent_;
    return false;
  }
  // How many were not logged since this was last asked. To be logged with the next one that is.
  [[nodiscard]] std::uint64_t take_silent() { return std::exchange(silent_, 0); }

 private:
  unsigned per_window_;
  std::chrono::seconds window_;
  std::chrono::steady_clock::time_point begin_{};
  unsigned used_ = 0;
  std::uint64_t silent_ = 0;
};

}  // namespace aclk
