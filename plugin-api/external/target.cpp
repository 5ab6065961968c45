// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <optional>

namespace aclk::external {
namespace {

constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();
// Times up to three years are relative for the agent, larger ones are seconds since 1970.
constexpr std::int64_t kMaxRelative = 3LL * 365 * 86400;
constexpr std::int64_t kDefaultAfter = -600;

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// As the agent does it: %XX and +, before the parameters are taken apart.
std::string decode(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '%' && i + 2 < s.size() && nibble(s[i + 1]) >= 0 && nibble(s[i + 2]) >= 0) {
      out += static_cast<char>(nibble(s[i + 1]) * 16 + nibble(s[i + 2]));
      i += 2;
    } else {
      out += s[i] == '+' ? ' ' : s[i];
    }
  }
  return out;
}

// The last value of a parameter, as in the agent.
std::optional<std::string_view> parameter(std::string_view query, std::string_view name) {
  std::optional<std::string_view> value;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto item = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const auto equals = item.find('=');
    if (equals != std::string_view::npos && item.substr(0, equals) == name && equals + 1 < item.size())
      value = item.substr(equals + 1);
  }
  return value;
}

std::int64_t number(std::optional<std::string_view> text, std::int64_t otherwise) {
  return text ? std::strtoll(std::string(*text).c_str(), nullptr, 10) : otherwise;
}

// Seconds between after and before, kUnbounded when that depends on what the agent has.
std::int64_t window(std::string_view query, std::int64_t now) {
  const auto after = number(parameter(query, "after"), kDefaultAfter);
  auto before = number(parameter(query, "before"), 0);
  if (after == 0 || after == kUnbounded || before == kUnbounded) return kUnbounded;
  if (before >= -kMaxRelative && before <= kMaxRelative) before = now - std::abs(before);
  const bool relative = after >= -kMaxRelative && after <= kMaxRelative;
  if (relative) return std::abs(after);
  return after < 0 || before < 0 ? kUnbounded : std::abs(before - after);
}

std::int64_t cap_of(std::string_view query) {
  const auto chart = parameter(query, "chart");
  const bool one_chart = chart && chart->find_first_of("*|, ") == std::string_view::npos &&
                         !parameter(query, "context") && !parameter(query, "contexts");
  return one_chart ? kMaxPointsOfChart : kMaxPoints;
}

// Could the answer have more rows than the cap?
bool too_many(std::string_view endpoint, std::string_view query, std::int64_t cap, std::int64_t now) {
  const auto points = number(parameter(query, "points"), 0);
  if (points < 0 || points > cap) return true;
  // Only data fills the window when no points are given; the others have small defaults.
  return points == 0 && endpoint == "data" && window(query, now) > cap;
}

Prepared refuse(int status, std::string why) { return {status, std::move(why), {}}; }

}  // namespace

Prepared prepare_target(std::string_view method, std::string_view target, Generation generation,
                        std::chrono::sys_seconds now) {
  if (generation == Generation::v1 && method != "GET")
    return refuse(400, fmt::format("This agent (1.x) answers only GET, not {}.", method.substr(0, 16)));
  const bool clean = std::all_of(target.begin(), target.end(), [](unsigned char c) { return c > ' ' && c != 0x7f; });
  if (!clean || target.empty() || target.front() != '/') return refuse(400, "The path of the request is malformed.");

  const auto mark = target.find('?');
  const auto path = target.substr(0, mark);
  const auto raw_query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  // The agent splits after decoding, so that %3F in a path starts the parameters.
  const auto plain_path = decode(path);
  if (plain_path.find_first_of(std::string("?&#\0", 4)) != std::string::npos)
    return refuse(400, "The path of the request must not contain encoded ?, &, # or NUL.");

  Prepared p;
  p.target = target;
  const auto endpoint = std::string_view(plain_path).substr(plain_path.rfind('/') + 1);
  constexpr std::array<std::string_view, 4> kTimeSeries{"data", "weights", "metric_correlations", "badge.svg"};
  if (std::find(kTimeSeries.begin(), kTimeSeries.end(), endpoint) != kTimeSeries.end()) {
    // What the agent sees: decoded once, and %26 separates too.
    const auto query = decode(raw_query);
    const auto cap = cap_of(query);
    if (too_many(endpoint, query, cap, now.time_since_epoch().count()))
      p.target += fmt::format("{}points={}", mark == std::string_view::npos ? "?" : "&", cap);
  }

  const auto max_target = generation == Generation::v1 ? kMaxTargetV1 : kMaxTargetV2;
  const auto query_bytes = decode(std::string_view(p.target).substr(path.size())).size();
  if (p.target.size() > max_target || (generation == Generation::v1 && query_bytes > kMaxQueryV1))
    return refuse(414,
                  fmt::format("The request is too long for the agent: at most {} bytes{}.", max_target,
                              generation == Generation::v1 ? fmt::format(", of which {} of query string", kMaxQueryV1)
                                                           : std::string()));
  return p;
}

}  // namespace aclk::external
