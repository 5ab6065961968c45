// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an answer to a claim means (the table of claim/README.md, "Claim request"), and when to try again. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "claim/base/result.h"
#include "claim/exit_code.h"

namespace aclk::claim {

inline constexpr unsigned kMaxAttempts = 5;
inline constexpr std::size_t kMaxAnswerBytes = 10U << 20;

struct Outcome {
  ExitCode exit = ExitCode::claimed;
  std::string reason;     // the table's text, to the letter; empty when claimed
  std::string next_step;  // one sentence for the person at the terminal; empty when claimed
  bool retry = false;
  std::optional<Errc> cause{};  // why there was no answer

  [[nodiscard]] bool claimed() const { return exit == ExitCode::claimed; }
};

// The cloud answered. `body` is hostile: of it only a short, printable errorMsgKey is ever shown.
[[nodiscard]] Outcome judge_answer(int status, std::string_view body);

// With what the call was made; nothing here is a secret.
struct CallFacts {
  std::string proxy = "none";  // Proxy::display()
  bool insecure = false;
  std::string public_key_file;
  std::string trust_file;  // empty: only the system's
};

// The cloud did not answer, or with more than kMaxAnswerBytes (Errc::too_big).
[[nodiscard]] Outcome judge_failure(const Error &error, const CallFacts &facts);

// How long to wait before the next attempt after failure number `failure` (from 0); nullopt: that was the last one.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay(unsigned failure, const Outcome &outcome);

}  // namespace aclk::claim
