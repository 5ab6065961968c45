// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a check of `netdata-aclk doctor` found, and how a list of them is shown. Pure.
#pragma once

#include <cstdint>
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

}  // namespace aclk::doctor
