// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/doctor/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

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

struct Advice {
  std::string_view check;  // the end of Finding::check: "tls" also of "broker-tls"
  std::string_view remedy;
};

constexpr std::array kAdvice{
    Advice{"dns", "check the name, and this machine's DNS (/etc/resolv.conf)"},
    Advice{"tcp", "a firewall must let this machine out to that port; or set a proxy in cloud.conf"},
    Advice{"proxy", "check the proxy's address, its user and password, and that it may connect to this host and port"},
    Advice{"tls",
           "see with `openssl s_client -connect HOST:PORT` who answers there; a proxy or firewall that opens TLS "
           "must leave this host alone"},
    Advice{"env", "check the cloud's URL, and whether something on the way answers in its place"},
    Advice{"challenge", "if it stays so, claim this node anew: netdata-aclk claim --reclaim"},
    Advice{"password", "if it stays so, claim this node anew: netdata-aclk claim --reclaim"},
    Advice{"broker", "check that this machine, or its proxy, may connect to that host and port"},
    Advice{"websocket", "a proxy or firewall on the way must let WebSocket upgrades pass"},
    Advice{"mqtt", "if it stays so, ask those who run the cloud, with this sentence"},
    Advice{"subscribe", "if it stays so, ask those who run the cloud, with this sentence"},
};

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

Findings until_failure(Findings checks, const std::optional<FailedCheck> &failed) {
  if (!failed) return checks;
  auto broken = bad_from(failed->check, failed->sentence);
  if (broken.remedy.empty()) broken.remedy = usual_remedy(failed->check);
  const auto at = std::ranges::find(checks, failed->check, &Finding::check);
  if (at == checks.end()) {
    // A failure at none of these steps must not look like a success.
    for (auto &f : checks) f = skipped(f.check, "not known");
    checks.push_back(std::move(broken));
    return checks;
  }
  *at = std::move(broken);
  for (auto next = at + 1; next != checks.end(); ++next) *next = not_reached(next->check);
  return checks;
}

Finding not_reached(std::string check) { return skipped(std::move(check), "not reached"); }

std::string usual_remedy(std::string_view check) {
  const auto advice = std::ranges::find_if(kAdvice, [&](const Advice &a) { return check.ends_with(a.check); });
  return advice == kAdvice.end() ? std::string() : std::string(advice->remedy);
}

}  // namespace aclk::doctor
