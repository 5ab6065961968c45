// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where a question may go (aclk/query/route.h). First byte: method; second: which characters of the path are
// percent-encoded for a second try. No encoding may reach what is refused without it, and what is forwarded is decided
// the same when it is read again.
#include <cctype>
#include <set>
#include <string>

#include "aclk/query/route.h"
#include "tests/fuzz/fuzz.h"

namespace aclk::fuzz {
namespace {

class Nodes final : public query::NodeIndex {
 public:
  std::optional<query::NodeRef> by_node_id(std::string_view) const override { return query::NodeRef{"child", false}; }
  std::optional<query::NodeRef> by_machine_guid(std::string_view) const override { return query::NodeRef{"me", true}; }
  std::optional<query::NodeRef> by_hostname(std::string_view) const override { return {}; }
};

std::string encoded(std::string_view raw, unsigned char mask) {
  const auto path = raw.substr(0, raw.find_first_of("?#"));
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto c = static_cast<unsigned char>(path[i]);
    const char *hex = (i & 1U) != 0 ? "0123456789abcdef" : "0123456789ABCDEF";
    if (std::isalnum(c) != 0 && (mask >> i % 8 & 1U) != 0)
      out += {'%', hex[c >> 4U], hex[c & 15U]};
    else
      out += path[i];
  }
  return out.append(raw.substr(path.size()));
}

bool secret(const std::string &endpoint) {
  static const std::set<std::string_view> kNever{"manage",   "registry", "claim",    "settings",
                                                 "function", "config",   "rtc_offer"};
  return kNever.contains(endpoint) || endpoint.starts_with("bearer_");
}

}  // namespace

void fuzz(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const auto method = static_cast<query::Method>(choose(bytes, 4));
  const auto mask = static_cast<unsigned char>(choose(bytes, 256));
  const auto ask = [&](std::string_view raw) { return query::route(method, raw, Nodes(), query::Scope::full); };
  const auto plain = ask(bytes);
  const auto other = ask(encoded(bytes, mask));
  for (const auto *answer : {&plain, &other}) {
    const auto *f = std::get_if<query::Forward>(answer);
    if (f == nullptr) continue;
    require(std::holds_alternative<query::Forward>(plain), "encoding does not reach what is refused");
    require(!secret(f->endpoint), "what writes or shows secrets is never forwarded");
    require(f->target.find_first_of(std::string_view(" \r\n\0", 4)) == std::string::npos, "the agent gets one word");
    const auto again = ask(f->target);
    const auto *same = std::get_if<query::Forward>(&again);
    require(same != nullptr && same->endpoint == f->endpoint, "the agent sees what was decided on");
    require(same->target == f->target, "and the form is final");
  }
}

}  // namespace aclk::fuzz
