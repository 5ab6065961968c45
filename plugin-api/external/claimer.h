// SPDX-License-Identifier: GPL-3.0-or-later
//
// Claims that are written down (claim.conf, environment, cloud.d/token; claim/wish.h) are made by a process of their
// own, this executable once more: asking the cloud takes up to a minute, and the supervisor has to answer the agent.
// `Claimer` decides when that process is due. Pure; the supervisor starts and reaps it.
//
//   nothing written down                  never
//   files or identity not seen before     at once
//   it said: trying again makes sense     after 30 s, 1 min, 2 min … 30 min, and at once when a file changes
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "plugin-api/external/agent_log.h"
#include "plugin-api/external/environment.h"

namespace aclk::external {

class Claimer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `wishes`: 0 = none (claim/declared.h). `identity`: claim_watch.h. True: start the process now.
  [[nodiscard]] bool on_look(Time now, std::uint64_t wishes, std::uint64_t identity);
  // It has ended; the prints are those of the files now, which it may have changed itself. Seconds until it is
  // started again, for the log; nullopt: not before something changes.
  std::optional<std::chrono::seconds> on_end(Time now, bool again, std::uint64_t wishes, std::uint64_t identity);
  [[nodiscard]] bool on_time(Time now) const { return at_ && now >= *at_; }
  [[nodiscard]] std::optional<Time> next() const { return at_; }

 private:
  [[nodiscard]] static std::uint64_t both(std::uint64_t wishes, std::uint64_t identity);

  bool running_ = false;
  std::uint64_t seen_ = 0;
  std::optional<Time> at_;
  unsigned failures_ = 0;
};

inline constexpr int kClaimAgain = 75;  // the process's exit status for "later"

// What the process does. Returns its exit status.
[[nodiscard]] int claim_what_is_written(const Environment &env, AgentLog &log);

}  // namespace aclk::external
