// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/doctor/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace aclk::doctor {
namespace {

struct Look {
  const char *mark;
  const char *word;
};

Look look(Verdict v) {
  switch (v) {
    case Verdict::good:
      return {"✓", "good"};
    case Verdict::warning:
      return {"‼", "warning"};
    case Verdict::bad:
      return {"✗", "bad"};
    case Verdict::skipped:
      break;
  }
  return {"-", "skipped"};
}

std::ptrdiff_t count(const Findings &findings, Verdict v) {
  return std::ranges::count_if(findings, [&](const Finding &f) { return f.verdict == v; });
}

constexpr std::size_t kCheckWidth = 14;

}  // namespace

Finding good(std::string check, std::string text) { return {std::move(check), Verdict::good, std::move(text), {}}; }

Finding warning(std::string check, std::string text, std::string remedy) {
  return {std::move(check), Verdict::warning, std::move(text), std::move(remedy)};
}

Finding bad(std::string check, std::string text, std::string remedy) {
  return {std::move(check), Verdict::bad, std::move(text), std::move(remedy)};
}

Finding skipped(std::string check, std::string why) { return {std::move(check), Verdict::skipped, std::move(why), {}}; }

Finding bad_from(std::string check, std::string_view sentence) {
  const auto cut = sentence.rfind("; ");
  if (cut == std::string_view::npos) return bad(std::move(check), std::string(sentence), {});
  return bad(std::move(check), std::string(sentence.substr(0, cut)), std::string(sentence.substr(cut + 2)));
}

std::string as_text(const Findings &findings) {
  std::string out;
  for (const auto &f : findings) {
    out += fmt::format(" {}  {:<{}} {}\n", look(f.verdict).mark, f.check, kCheckWidth, f.text);
    if (!f.remedy.empty()) out += fmt::format("    {:<{}} -> {}\n", "", kCheckWidth, f.remedy);
  }
  const auto wrong = count(findings, Verdict::bad);
  const auto warnings = count(findings, Verdict::warning);
  if (wrong == 0 && warnings == 0) return out + "\nNothing is wrong.\n";
  return out + fmt::format("\n{} wrong, {} to look at.\n", wrong, warnings);
}

std::string as_json(const Findings &findings) {
  auto list = nlohmann::ordered_json::array();
  for (const auto &f : findings)
    list.push_back({{"check", f.check}, {"verdict", look(f.verdict).word}, {"text", f.text}, {"remedy", f.remedy}});
  const nlohmann::ordered_json all{{"ok", exit_status(findings) == 0}, {"findings", std::move(list)}};
  return all.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

int exit_status(const Findings &findings) { return count(findings, Verdict::bad) == 0 ? 0 : 2; }

}  // namespace aclk::doctor
