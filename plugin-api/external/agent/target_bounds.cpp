// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/target_bounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

#include "claim/base/text.h"
#include "claim/base/url.h"

namespace aclk::external {
namespace {

constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();
// Times up to three years are relative for the agent, larger ones are seconds since 1970.
constexpr std::int64_t kMaxRelative = 3LL * 365 * 86400;
constexpr std::int64_t kDefaultAfter = -600;

// Seconds between after and before, kUnbounded when that depends on what the agent has.
std::int64_t window(const QueryString &query, std::int64_t now) {
  const auto after = query.number("after").value_or(kDefaultAfter);
  auto before = query.number("before").value_or(0);
  if (after == 0) return kUnbounded;
  if (before >= -kMaxRelative && before <= kMaxRelative) before = now - std::abs(before);
  const bool relative = after >= -kMaxRelative && after <= kMaxRelative;
  if (relative) return std::abs(after);
  return after < 0 || before < 0 ? kUnbounded : std::abs(before - after);
}

std::int64_t cap_of(const QueryString &query) {
  const auto chart = query.value("chart");
  const bool one_chart = chart && chart->find_first_of("*|, ") == std::string_view::npos && !query.value("context") &&
                         !query.value("contexts");
  return one_chart ? kMaxPointsOfChart : kMaxPoints;
}

// Could the answer have more rows than the cap?
bool too_many(std::string_view endpoint, const QueryString &query, std::int64_t cap, std::int64_t now) {
  const auto points = query.number("points").value_or(0);
  if (points > 0) return points > cap;
  // Only data fills the window when no points are given (both its ends count); the others have small defaults.
  return endpoint == "data" && window(query, now) >= cap;
}

bool may_stand_in_a_path(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("/.-_~").find(c) != std::string_view::npos;
}

tl::unexpected<HttpResponse> refuse(int status, std::string why) {
  return tl::unexpected<HttpResponse>(text_response(status, std::move(why)));
}

}  // namespace

tl::expected<std::string, HttpResponse> bound_target(HttpMethod method, std::string_view target,
                                                     std::chrono::sys_seconds now) {
  if (method != HttpMethod::get)
    return refuse(400, fmt::format("This agent answers only GET, not {}.", method_name(method)));
  const bool clean = std::all_of(target.begin(), target.end(), [](unsigned char c) { return c > ' ' && c != 0x7f; });
  if (!clean || target.empty() || target.front() != '/') return refuse(400, "The path of the request is malformed.");

  const auto mark = target.find('?');
  const auto path = percent_decode(target.substr(0, mark));
  if (!path || !std::all_of(path->begin(), path->end(), may_stand_in_a_path))
    return refuse(400, "The path of the request may hold letters, digits, / . - _ and ~ alone.");
  auto query = QueryString::parse(mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1));
  if (!query) return refuse(400, query.error().what);

  const auto endpoint = std::string_view(*path).substr(path->rfind('/') + 1);
  constexpr std::array<std::string_view, 4> kTimeSeries{"data", "weights", "metric_correlations", "badge.svg"};
  if (std::find(kTimeSeries.begin(), kTimeSeries.end(), endpoint) != kTimeSeries.end())
    if (const auto cap = cap_of(*query); too_many(endpoint, *query, cap, now.time_since_epoch().count()))
      query->set_number("points", cap);

  const auto text = query->text();
  auto bounded = text.empty() ? *path : fmt::format("{}?{}", *path, text);
  const auto query_bytes = percent_decode(text).value_or(text).size();
  if (bounded.size() > kMaxTarget || query_bytes > kMaxQuery)
    return refuse(414,
                  fmt::format("The request is too long for the agent: at most {} bytes, of which {} of query string.",
                              kMaxTarget, kMaxQuery));
  return bounded;
}

}  // namespace aclk::external
