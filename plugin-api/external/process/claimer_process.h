// SPDX-License-Identifier: GPL-3.0-or-later
//
// The process that makes a claim which is written down (claim/claim_retry_policy.h): this executable once more, because
// asking the cloud takes up to a minute and the supervisor has to answer the agent. What it has to say it writes to a
// pipe, and the supervisor, who knows what has been said before, to the log.
#pragma once

#include <string>
#include <string_view>

#include "claim/claim_log.h"
#include "plugin-api/external/config/environment.h"

namespace aclk::external {

inline constexpr int kClaimAgain = 75;  // its exit status for "later"

// What the process does, with the write end of its pipe. Returns its exit status.
[[nodiscard]] int claim_what_is_written(const Environment &env, int lines_fd);

// The lines, on the supervisor's side; in any pieces. Pure.
class ClaimLines {
 public:
  explicit ClaimLines(claim::LogClaim line) : line_(std::move(line)) {}
  void feed(std::string_view bytes);
  // Another process: half a line of the one before means nothing.
  void reset() { text_.clear(); }

 private:
  claim::LogClaim line_;
  std::string text_;
};

}  // namespace aclk::external
