// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/doctor/check_sequence.h"

#include <algorithm>
#include <array>
#include <utility>

namespace aclk::doctor {
namespace {

struct Advice {
  std::string_view rung;  // the end of Finding::check: "tls" also of "broker-tls"
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

Findings climb(Findings rungs, const std::optional<Fall> &fall) {
  if (!fall) return rungs;
  auto broken = bad_from(fall->check, fall->sentence);
  if (broken.remedy.empty()) broken.remedy = usual_remedy(fall->check);
  const auto at = std::ranges::find(rungs, fall->check, &Finding::check);
  if (at == rungs.end()) {
    // A failure at none of these steps must not look like a success.
    for (auto &f : rungs) f = skipped(f.check, "not known");
    rungs.push_back(std::move(broken));
    return rungs;
  }
  *at = std::move(broken);
  for (auto next = at + 1; next != rungs.end(); ++next) *next = not_reached(next->check);
  return rungs;
}

Finding not_reached(std::string check) { return skipped(std::move(check), "not reached"); }

std::string usual_remedy(std::string_view check) {
  const auto advice = std::ranges::find_if(kAdvice, [&](const Advice &a) { return check.ends_with(a.rung); });
  return advice == kAdvice.end() ? std::string() : std::string(advice->remedy);
}

}  // namespace aclk::doctor
