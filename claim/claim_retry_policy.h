// SPDX-License-Identifier: GPL-3.0-or-later
//
// Claims that are written down (claim.conf, environment, cloud.d/token; claim_sources.h) are made by somebody who can
// wait for the cloud, up to a minute: a process of aclk.plugin's (plugin-api/external/process/claimer_process.h), a
// thread in a host that links the module (aclk/module/claim_thread.h). `ClaimRetryPolicy` decides when. Pure.
//
//   nothing written down                  never
//   files or identity not seen before     at once
//   somebody orders it                    at once
//   it said: trying again makes sense     after 30 s, 1 min, 2 min … 30 min, and at once when a file changes
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace aclk::claim {

class ClaimRetryPolicy {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `written_claims`: 0 = none (claim_sources.h). `identity`: file_watch.h. True: begin now.
  [[nodiscard]] bool on_look(Time now, std::uint64_t written_claims, std::uint64_t identity);
  // reload-claiming-state: the next look finds it due, unless nothing is written down or it runs.
  void on_order();
  // What was begun has ended; `identity` is that of now, which it may have changed itself. Look once more: claims that
  // changed meanwhile are begun with at once. Seconds until it begins again; nullopt: not before something changes.
  std::optional<std::chrono::seconds> on_end(Time now, bool again, std::uint64_t identity);
  [[nodiscard]] bool on_time(Time now) const { return at_ && now >= *at_; }
  [[nodiscard]] std::optional<Time> next() const { return at_; }
  // What runs is the same once more, because it failed before.
  [[nodiscard]] bool repeats() const { return running_ && failures_ > 0; }

 private:
  [[nodiscard]] static std::uint64_t both(std::uint64_t written_claims, std::uint64_t identity);

  bool running_ = false;
  std::uint64_t wishes_ = 0;           // of what runs
  std::optional<std::uint64_t> seen_;  // nullopt: nothing, or what was does not count any more
  std::optional<Time> at_;
  unsigned failures_ = 0;
};

}  // namespace aclk::claim
