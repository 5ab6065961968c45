// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is logged of a claim that is tried again and again: the first time all of it, then what is new, and from time to
// time one line that it still does not work (base/outage.h). Whoever asks gets the last outcome. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "claim/base/outage.h"

namespace aclk::claim {

// What became of the claim that is written down. Times are epoch seconds; 0 = none.
struct ClaimOutcome {
  std::string line;  // what came of it, and which source asked for it; empty: nothing yet
  bool bad = false;
  bool runs = false;           // just now, once more or for the first time
  std::uint64_t attempts = 0;  // in a row that failed
  std::int64_t since_s = 0;    // the first of these
  std::int64_t ended_s = 0;    // the last one
  std::int64_t next_s = 0;     // bad, and 0: not before something changes

  [[nodiscard]] bool any() const { return !line.empty(); }
};

// A line about a claim, for the log: something that happened, or why it failed.
enum class ClaimLine : std::uint8_t { news, failure };
using LogClaim = std::function<void(ClaimLine kind, const std::string &line)>;

class ClaimLog {
 public:
  explicit ClaimLog(LogClaim log) : log_(std::move(log)) {}

  // It begins. `repeats`: because it failed before, and nothing changed since.
  void begin(bool repeats);
  // A line while it runs. Failures are logged when it has ended.
  void line(ClaimLine kind, const std::string &text);
  // It is over; `pause`: until it begins again, if it failed and that makes sense.
  void end(std::optional<std::chrono::seconds> pause, Outage::Moment at);
  // Nothing is written down any more.
  void forget() { outcome_ = {}; }

  [[nodiscard]] const ClaimOutcome &outcome() const { return outcome_; }

 private:
  void conclude(std::optional<std::chrono::seconds> pause, std::int64_t wall_s);

  LogClaim log_;
  Outage outage_;
  std::vector<std::string> bad_;
  std::string good_;  // the last line that was no error
  ClaimOutcome outcome_;
};

}  // namespace aclk::claim
