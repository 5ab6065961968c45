// SPDX-License-Identifier: GPL-3.0-or-later
//
// A claim that is written down and tried again and again (claim.conf, environment, cloud.d/token; claim_sources.h), by
// somebody who can wait for the cloud, up to a minute: a process of aclk.plugin's
// (plugin-api/external/process/children.h), a thread in a host that links the module
// (aclk/module/claim_thread.h). ClaimRetryPolicy decides when it is tried, ClaimLog what is logged of it, and keeps the
// last outcome for whoever asks. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "claim/base/log_budget.h"

namespace aclk::claim {

// The first of its kind, or the same once more because it failed before and nothing has changed since.
enum class ClaimTry : std::uint8_t { first, repeated };
// Whether it makes sense to try it again: network, cloud, disk.
enum class ClaimEnd : std::uint8_t { settled, try_again };

// When a claim is tried:
//
//   nothing written down                  never
//   files or identity not seen before     at once
//   somebody orders it                    at once
//   it failed, and may work later         after 30 s, 1 min, 2 min … 30 min, and at once when a file changes
class ClaimRetryPolicy {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `written_claims`: 0 = none (claim_sources.h). `identity`: file_watch.h. True: begin now.
  [[nodiscard]] bool on_look(Time now, std::uint64_t written_claims, std::uint64_t identity);
  // reload-claiming-state: the next look finds it due, unless nothing is written down or it runs.
  void on_order();
  // What was begun has ended; `identity` is that of now, which it may have changed itself. Look once more: claims that
  // changed meanwhile are begun with at once. Seconds until it begins again; nullopt: not before something changes.
  std::optional<std::chrono::seconds> on_end(Time now, ClaimEnd how, std::uint64_t identity);
  [[nodiscard]] bool on_time(Time now) const { return at_ && now >= *at_; }
  [[nodiscard]] std::optional<Time> next() const { return at_; }
  // Of what runs.
  [[nodiscard]] ClaimTry running() const { return running_ && failures_ > 0 ? ClaimTry::repeated : ClaimTry::first; }

 private:
  [[nodiscard]] static std::uint64_t both(std::uint64_t written_claims, std::uint64_t identity);

  bool running_ = false;
  std::uint64_t claims_ = 0;           // of what runs
  std::optional<std::uint64_t> seen_;  // nullopt: nothing, or what was does not count any more
  std::optional<Time> at_;
  unsigned failures_ = 0;
};

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

// What is logged of it: the first time all of it, then what is new, and from time to time one line that it still does
// not work (Outage). Not thread-safe.
class ClaimLog {
 public:
  explicit ClaimLog(LogClaim log) : log_(std::move(log)) {}

  // It begins.
  void begin(ClaimTry which);
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
