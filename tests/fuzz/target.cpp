// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where a question may go (aclk/query/target.h). First byte: method; second: which characters of the path are
// percent-encoded for a second try. No encoding may reach what is refused without it, and what is forwarded is decided
// the same when it is read again.
#include <cctype>
#include <string>

#include "aclk/query/target.h"
#include "tests/fuzz/fuzz.h"

using namespace aclk;
using namespace aclk::query;

namespace {

struct Nodes final : NodeIndex {
  std::optional<NodeRef> by_node_id(std::string_view) const override { return NodeRef{"child", false}; }
  std::optional<NodeRef> by_machine_guid(std::string_view) const override { return NodeRef{"me", true}; }
  std::optional<NodeRef> by_hostname(std::string_view) const override { return {}; }
};

std::string encoded(std::string_view raw, std::size_t mask) {
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
  constexpr std::string_view kNever = "|manage|registry|claim|settings|function|config|rtc_offer|";
  return kNever.find("|" + endpoint + "|") != std::string_view::npos || endpoint.starts_with("bearer_");
}

}  // namespace

void aclk::fuzz::fuzz(std::string_view bytes) {
  const auto method = static_cast<HttpMethod>(choose(bytes, 4));
  const auto mask = choose(bytes, 256);
  const auto ask = [&](std::string_view raw) { return CheckedTarget::check(method, raw, Nodes(), Scope::full); };
  const auto plain = ask(bytes);
  const auto other = ask(encoded(bytes, mask));
  for (const auto *answer : {&plain, &other}) {
    const auto *f = std::get_if<CheckedTarget>(answer);
    if (f == nullptr) continue;
    require(std::holds_alternative<CheckedTarget>(plain), "encoding does not reach what is refused");
    require(!secret(f->endpoint()), "what writes or shows secrets is never forwarded");
    require(f->text().find_first_of(std::string_view(" \r\n\0", 4)) == std::string::npos, "one word goes to the agent");
    const auto again = ask(f->text());
    const auto *same = std::get_if<CheckedTarget>(&again);
    require(same != nullptr && same->text() == f->text(), "the agent sees what was decided on");
  }
}
