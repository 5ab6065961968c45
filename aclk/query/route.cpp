// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/route.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "claim/base/text.h"

namespace aclk::query {
namespace {

constexpr unsigned kV1 = 1U << 1;
constexpr unsigned kV2 = 1U << 2;
constexpr unsigned kV3 = 1U << 3;

// `nodes`: NODES or NOCHECK in plugin-api/external/API.md, "Permissions of 2.x"
enum class About : std::uint8_t { data, nodes };

struct Endpoint {
  std::string_view name;
  unsigned versions;
  About about;
};

constexpr std::array kAllowed{
    // sorted by name
    Endpoint{"aclk", kV1, About::nodes},
    Endpoint{"alarm_count", kV1, About::data},
    Endpoint{"alarm_log", kV1, About::data},
    Endpoint{"alarm_variables", kV1, About::data},
    Endpoint{"alarms", kV1, About::data},
    Endpoint{"alarms_values", kV1, About::data},
    Endpoint{"alert_config", kV2 | kV3, About::data},
    Endpoint{"alert_transitions", kV2 | kV3, About::data},
    Endpoint{"alerts", kV2 | kV3, About::data},
    Endpoint{"allmetrics", kV1 | kV3, About::data},
    Endpoint{"archivedcharts", kV1, About::data},
    Endpoint{"badge.svg", kV1 | kV3, About::data},
    Endpoint{"chart", kV1, About::data},
    Endpoint{"charts", kV1, About::data},
    Endpoint{"context", kV1 | kV3, About::data},
    Endpoint{"contexts", kV1 | kV2 | kV3, About::data},
    Endpoint{"data", kV1 | kV2 | kV3, About::data},
    Endpoint{"dbengine_stats", kV1, About::nodes},
    Endpoint{"functions", kV1 | kV2 | kV3, About::data},
    Endpoint{"info", kV1 | kV2 | kV3, About::nodes},
    Endpoint{"me", kV3, About::nodes},
    Endpoint{"metric_correlations", kV1, About::data},
    Endpoint{"ml_info", kV1, About::nodes},
    Endpoint{"node_instances", kV2 | kV3, About::nodes},
    Endpoint{"nodes", kV2 | kV3, About::nodes},
    Endpoint{"progress", kV2 | kV3, About::nodes},
    Endpoint{"q", kV2 | kV3, About::data},
    Endpoint{"stream_info", kV3, About::nodes},
    Endpoint{"stream_path", kV3, About::nodes},
    Endpoint{"variable", kV1 | kV3, About::data},
    Endpoint{"versions", kV2 | kV3, About::nodes},
    Endpoint{"weights", kV1 | kV2 | kV3, About::data},
};
static_assert(std::ranges::is_sorted(kAllowed, {}, &Endpoint::name));

// Only for the sentence: these would be refused without standing here.
struct LoginError {
  std::string_view name;
  std::string_view why;
};
constexpr std::array kRefused{
    LoginError{"bearer_get_token", "it hands out access to this machine"},
    LoginError{"bearer_protection", "it changes who may use this machine"},
    LoginError{"claim", "it changes which cloud owns this machine"},
    LoginError{"config", "it shows and changes the configuration of this machine"},
    LoginError{"function", "it runs code on this machine"},
    LoginError{"manage", "it silences the alerts of this machine"},
    LoginError{"registry", "it shows and changes other people's registry entries"},
    LoginError{"rtc_offer", "it opens another way into this machine"},
    LoginError{"settings", "it writes files on this machine"},
};
static_assert(std::ranges::is_sorted(kRefused, {}, &LoginError::name));

template <class Table>
const auto *find(const Table &table, std::string_view name) {
  const auto it = std::ranges::lower_bound(table, name, {}, [](const auto &row) { return row.name; });
  return it != table.end() && it->name == name ? &*it : nullptr;
}

Answer forbidden(int api_version, std::string_view endpoint, std::string_view why) {
  constexpr std::size_t kQuotedBytes = 128;
  return text_answer(403, fmt::format("/api/v{}/{} is not served to the cloud: {}.", api_version,
                                      html_escape(endpoint.substr(0, kQuotedBytes)), why));
}

}  // namespace

std::optional<Answer> refuse(Method method, int api_version, std::string_view endpoint, Scope scope) {
  const auto *const e = find(kAllowed, endpoint);
  const bool known_version = api_version >= 1 && api_version <= 3;
  if (e == nullptr || !known_version || (e->versions & (1U << static_cast<unsigned>(api_version))) == 0) {
    const auto *const r = find(kRefused, endpoint);
    return forbidden(api_version, endpoint, r == nullptr ? "it is not on the list of what may be asked" : r->why);
  }
  if (scope == Scope::license_manager && e->about != About::nodes)
    return forbidden(api_version, endpoint, "[cloud] scope in netdata.conf limits the cloud to facts about nodes");
  if (method != Method::get && method != Method::post) {
    Answer a = text_answer(405, fmt::format("/api/v{}/{} only answers GET and POST.", api_version, endpoint));
    a.allow = "GET, POST";
    return a;
  }
  return std::nullopt;
}

std::variant<Forward, Answer> route(Method method, std::string_view raw_target, const NodeIndex &nodes, Scope scope) {
  auto parsed = parse_target(raw_target, nodes);
  if (auto *const answer = std::get_if<Answer>(&parsed)) return std::move(*answer);
  auto &t = std::get<Target>(parsed);
  if (auto no = refuse(method, t.api_version, t.endpoint, scope)) return std::move(*no);
  // None of the allowed endpoints takes one; the name is from our list, so quoting it is safe.
  if (t.subpath) return text_answer(400, fmt::format("API command '{}' does not support subpaths.", t.endpoint));

  Forward f;
  f.target = fmt::format("/api/v{}/{}{}{}", t.api_version, t.endpoint, t.query.empty() ? "" : "?", t.query);
  f.machine_guid = std::move(t.machine_guid);
  f.endpoint = std::move(t.endpoint);
  return f;
}

}  // namespace aclk::query
