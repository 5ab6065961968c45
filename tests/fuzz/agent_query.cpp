// SPDX-License-Identifier: GPL-3.0-or-later
//
// The bound on a query's size, against a model of how agent 1.37.1 reads a query string, written from what it was seen
// to do and sharing nothing with what is tested: whatever is accepted asks the agent for at most the allowed rows.
#include <cctype>
#include <cstdlib>
#include <string>
#include <variant>

#include "aclk/query/target.h"
#include "plugin-api/external/agent/target_bounds.h"
#include "tests/fuzz/fuzz.h"

namespace {

constexpr std::int64_t kNow = 1795200000;
constexpr std::chrono::sys_seconds kAskedAt{std::chrono::seconds(kNow)};

// An agent's view of one request.
struct Seen {
  std::string endpoint;
  std::string chart;
  bool contexts = false;
  std::int64_t points = 0;
  std::int64_t after = -600;
  std::int64_t before = 0;
};

int hex(char c) {
  if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return 0;  // the agent makes something of it, too
  return std::isdigit(static_cast<unsigned char>(c)) != 0 ? c - '0' : (c | 0x20) - 'a' + 10;
}

std::string decoded(const std::string &s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '%' && i + 2 < s.size()) {
      out += static_cast<char>(hex(s[i + 1]) * 16 + hex(s[i + 2]));
      i += 2;
    } else {
      out += s[i] == '+' ? ' ' : s[i];
    }
  }
  return out;
}

// Digits behind a minus, and what does not fit is cut.
std::int64_t number(const std::string &s) {
  const bool negative = !s.empty() && s[0] == '-';
  std::uint64_t n = 0;
  for (std::size_t i = negative ? 1 : 0; i < s.size() && s[i] >= '0' && s[i] <= '9'; ++i)
    n = n * 10 + static_cast<std::uint64_t>(s[i] - '0');
  const auto v = static_cast<std::int64_t>(n);
  return negative ? -v : v;
}

Seen see(const std::string &target) {
  Seen s;
  const auto all = decoded(target);
  const auto mark = all.find('?');
  const auto path = all.substr(0, mark);
  s.endpoint = path.substr(path.rfind('/') + 1);
  std::string item;
  const auto take = [&] {
    const auto first = item.find_first_not_of('=');
    item = first == std::string::npos ? std::string() : item.substr(first);
    const auto equals = item.find('=');
    const auto name = item.substr(0, equals);
    const auto value = equals == std::string::npos ? std::string() : item.substr(equals + 1);
    item.clear();
    if (name.empty() || value.empty()) return;
    if (name == "points") s.points = static_cast<std::int32_t>(static_cast<std::uint64_t>(number(value)));
    if (name == "after") s.after = number(value);
    if (name == "before") s.before = number(value);
    if (name == "chart") s.chart = value;
    if (name == "context" || name == "contexts" || name == "scope_contexts") s.contexts = true;
  };
  for (std::size_t i = mark == std::string::npos ? all.size() : mark + 1; i < all.size(); ++i) {
    if (all[i] == '&')
      take();
    else
      item += all[i];
  }
  take();
  return s;
}

// Rows of `data`, as seen: points bound the window, nothing or a negative number of them does not.
std::int64_t rows(const Seen &s) {
  constexpr std::int64_t kRelative = 3LL * 365 * 86400;
  constexpr std::int64_t kMost = 86'400;
  const auto before = std::llabs(s.before) <= kRelative ? kNow - std::llabs(s.before) : s.before;
  const auto after = s.after == 0 ? 0 : std::llabs(s.after) <= kRelative ? before - std::llabs(s.after) : s.after;
  const auto span = after > before ? after - before : before - after;
  const auto window = span < 0 || span > kMost ? kMost : span;
  return s.points > 0 && s.points < window ? s.points : window;
}

struct Nodes final : aclk::query::NodeIndex {
  using Ref = std::optional<aclk::query::NodeRef>;
  Ref by_node_id(std::string_view) const override { return aclk::query::NodeRef{"child", false}; }
  Ref by_machine_guid(std::string_view) const override { return aclk::query::NodeRef{"me", true}; }
  Ref by_hostname(std::string_view) const override { return {}; }
};

void hold(const std::string &asked) {
  using namespace aclk::external;
  const auto p = bound_target(aclk::HttpMethod::get, asked, kAskedAt);
  if (!p) {
    aclk::fuzz::require(!p.error().body.empty(), "a refusal has a reason");
    return;
  }
  const auto seen = see(*p);
  const bool one = !seen.chart.empty() && !seen.contexts && seen.chart.find_first_of("*|, ") == std::string::npos;
  const auto most = one ? kMaxPointsOfChart : kMaxPoints;
  aclk::fuzz::require(seen.points >= 0 && (seen.endpoint != "data" || rows(seen) <= most), "rows are bounded");
  if (seen.endpoint == "weights" || seen.endpoint == "metric_correlations" || seen.endpoint == "badge.svg")
    aclk::fuzz::require(seen.points <= most, "points are bounded");
  const auto again = bound_target(aclk::HttpMethod::get, *p, kAskedAt);
  aclk::fuzz::require(again && *again == *p, "what is sent is what was understood");
}

}  // namespace

// First byte: straight to the agent's side, or through the decision of the link; and before it a usual beginning.
void aclk::fuzz::fuzz(std::string_view bytes) {
  const auto way = choose(bytes, 4);
  const std::string beginning = (way & 2U) != 0 ? "/api/v1/data?context=x&after=-86400&" : "";
  const auto asked = beginning + std::string(bytes);
  if ((way & 1U) == 0) return hold(asked);
  const auto checked = query::CheckedTarget::check(HttpMethod::get, asked, Nodes(), query::Scope::full);
  if (const auto *t = std::get_if<query::CheckedTarget>(&checked)) hold(t->text());
}
