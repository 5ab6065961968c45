// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a check of `netdata-aclk doctor` found, how a list of them is shown, and what becomes of such a list when a
// conversation with the cloud has ended somewhere on its way. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aclk::doctor {

enum class Verdict : std::uint8_t {
  good,
  warning,  // works, but somebody should know
  bad,      // the link cannot work like this
  skipped,  // not looked at; the text says why
};

struct Finding {
  std::string check;  // a word that scripts can rely on: "dns", "tls", "mqtt"
  Verdict verdict = Verdict::good;
  std::string text;    // what is so, and by which cause; no secrets
  std::string remedy;  // the next step; empty when there is none
};

using Findings = std::vector<Finding>;

[[nodiscard]] Finding good(std::string check, std::string text);
[[nodiscard]] Finding warning(std::string check, std::string text, std::string remedy);
[[nodiscard]] Finding bad(std::string check, std::string text, std::string remedy);
[[nodiscard]] Finding skipped(std::string check, std::string why);
// From one sentence as Errors have them, "what: cause; next step": what follows the last semicolon is the remedy.
[[nodiscard]] Finding bad_from(std::string check, std::string_view sentence);

// For people: a line each, ✓ ‼ ✗ or -, the remedy below it; then a line that sums up.
[[nodiscard]] std::string as_text(const Findings &findings);
// {"ok":true,"findings":[{"check","verdict":"good|warning|bad|skipped","text","remedy"}]}, one line.
[[nodiscard]] std::string as_json(const Findings &findings);

// 0 = nothing is bad; 2 = something is.
[[nodiscard]] int exit_status(const Findings &findings);

// Where a sequence of checks ended: each was reached by way of those before it.
struct FailedCheck {
  std::string check;     // Finding::check
  std::string sentence;  // Error::what
};

// all_good: what there is to say when all goes well. Those before the failed one stay, that one is bad, those after it
// are not reached. Without a failure all stay.
[[nodiscard]] Findings until_failure(Findings all_good, const std::optional<FailedCheck> &failed);

// Nobody came this far.
[[nodiscard]] Finding not_reached(std::string check);

// The next step for a check whose sentence knows none.
[[nodiscard]] std::string usual_remedy(std::string_view check);

}  // namespace aclk::doctor
