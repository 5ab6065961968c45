// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "aclk/query/cmd_request.h"
#include "claim/base/text.h"
#include "claim/base/url.h"
#include "claim/base/uuid.h"

namespace aclk::query {
namespace {

constexpr std::string_view kUnknownEndpoint = "Unknown API endpoint.";
constexpr std::size_t kMaxComponents = 64;
constexpr std::size_t kShownTarget = 256;

std::string escaped_start(std::string_view text) { return html_escape(text.substr(0, kShownTarget)); }

HttpResponse bad_url() { return text_response(400, "URL not valid. I don't understand you..."); }
HttpResponse not_found() { return text_response(404, std::string(kUnknownEndpoint)); }

// Decoded components of a path that begins with '/'. "/a/" has two, the second empty. nullopt: 400.
std::optional<std::vector<std::string>> components(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto slash = path.find('/');
    auto c = percent_decode(path.substr(0, slash));
    if (!c || has_control(*c) || c->find('/') != std::string::npos || *c == "." || *c == ".." ||
        out.size() >= kMaxComponents)
      return std::nullopt;
    out.push_back(std::move(*c));
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
  }
  return out;
}

// /node looks for node id, machine guid, host name in this order; /host for machine guid, node id, host name.
enum class Prefix : std::uint8_t { node, host };

std::optional<NodeRef> find_node(Prefix prefix, std::string_view name, const NodeIndex &nodes) {
  const bool node_id_first = prefix == Prefix::node;
  if (const auto uuid = parse_uuid(name)) {
    auto found = node_id_first ? nodes.by_node_id(*uuid) : nodes.by_machine_guid(*uuid);
    if (!found) found = node_id_first ? nodes.by_machine_guid(*uuid) : nodes.by_node_id(*uuid);
    if (found) return found;
  }
  if (name == "localhost") return NodeRef{{}, true};
  return nodes.by_hostname(name);
}

// The same path with a slash behind, for a browser that would resolve relative links wrongly without it.
HttpResponse redirect(const std::vector<std::string> &path, std::string_view query) {
  std::string to;
  for (const auto &c : path) to += '/' + percent_encode(c);
  to += '/';
  if (!query.empty()) to += fmt::format("?{}", query);
  HttpResponse a;
  a.status = 301;
  a.content_type = "text/html; charset=utf-8";
  a.body = fmt::format("<!DOCTYPE html><html><body><a href=\"{0}\">{0}</a></body></html>", html_escape(to));
  a.location = std::move(to);
  return a;
}

// 1 to 3 for v1 to v3.
std::optional<int> api_version(std::string_view text) {
  if (text.size() != 2 || text[0] != 'v' || text[1] < '1' || text[1] > '3') return std::nullopt;
  return text[1] - '0';
}

struct DecodedTarget {
  std::string machine_guid;  // empty = the local node
  int api_version = 0;       // 1 to 3
  std::string endpoint;      // one component, no slash, no control character; not yet allowed
  bool subpath = false;      // something follows the endpoint, be it a lone slash
  std::string query;         // canonical, without the question mark
};

std::variant<DecodedTarget, HttpResponse> decode(std::string_view raw, const NodeIndex &nodes) {
  const auto mark = raw.find('?');
  const auto path_text = raw.substr(0, mark);
  const auto parameters =
      QueryString::parse(mark == std::string_view::npos ? std::string_view{} : raw.substr(mark + 1));
  if (!path_text.starts_with('/') || (!parameters && parameters.error().code == Errc::parse)) return bad_url();
  if (!parameters) return text_response(400, html_escape(parameters.error().what));
  auto query = parameters->text();
  if (query.size() > kMaxTargetBytes) return bad_url();
  const auto path = components(path_text);
  if (!path) return bad_url();

  DecodedTarget t;
  bool local = true;
  auto at = path->begin();
  while (at != path->end() && (*at == "node" || *at == "host")) {
    if (!local) return text_response(400, "Nesting of hosts is not allowed.");
    const auto prefix = *at++ == "node" ? Prefix::node : Prefix::host;
    const std::string_view name = at == path->end() ? std::string_view{} : std::string_view(*at);
    const auto found = name.empty() ? std::nullopt : find_node(prefix, name, nodes);
    if (!found) return text_response(404, "This netdata does not maintain a database for host: " + escaped_start(name));
    if (++at == path->end()) return redirect(*path, query);
    local = found->local;
    t.machine_guid = local ? std::string{} : found->machine_guid;
  }

  if (path->end() - at < 3 || *at != "api") return not_found();
  const auto version = api_version(*++at);
  if (!version)
    return at->starts_with('v') ? text_response(404, "Unsupported API version: " + escaped_start(*at)) : not_found();
  if ((++at)->empty()) return not_found();
  t.api_version = *version;
  t.endpoint = *at;
  t.subpath = path->end() - at > 1;
  t.query = std::move(query);
  return t;
}

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
constexpr Endpoint kFunction{"function", kV1 | kV2 | kV3, About::data};

// Only for the sentence: these would be refused without standing here.
struct RefusedEndpoint {
  std::string_view name;
  std::string_view why;
};
constexpr std::array kRefused{
    RefusedEndpoint{"bearer_get_token", "it hands out access to this machine"},
    RefusedEndpoint{"bearer_protection", "it changes who may use this machine"},
    RefusedEndpoint{"claim", "it changes which cloud owns this machine"},
    RefusedEndpoint{"config", "it shows and changes the configuration of this machine"},
    RefusedEndpoint{"function", "it runs code on this machine"},
    RefusedEndpoint{"manage", "it silences the alerts of this machine"},
    RefusedEndpoint{"registry", "it shows and changes other people's registry entries"},
    RefusedEndpoint{"rtc_offer", "it opens another way into this machine"},
    RefusedEndpoint{"settings", "it writes files on this machine"},
};
static_assert(std::ranges::is_sorted(kRefused, {}, &RefusedEndpoint::name));

template <class Table>
const auto *find_row(const Table &table, std::string_view name) {
  const auto it = std::ranges::lower_bound(table, name, {}, [](const auto &row) { return row.name; });
  return it != table.end() && it->name == name ? &*it : nullptr;
}

HttpResponse forbidden(int api_version, std::string_view endpoint, std::string_view why) {
  constexpr std::size_t kQuotedBytes = 128;
  return text_response(403, fmt::format("/api/v{}/{} is not served to the cloud: {}.", api_version,
                                        html_escape(endpoint.substr(0, kQuotedBytes)), why));
}

}  // namespace

std::optional<HttpResponse> refuse(HttpMethod method, int api_version, std::string_view endpoint, Scope scope,
                                   Functions functions) {
  const bool may_call = functions == Functions::served && endpoint == kFunction.name;
  const auto *const e = may_call ? &kFunction : find_row(kAllowed, endpoint);
  const bool known_version = api_version >= 1 && api_version <= 3;
  if (e == nullptr || !known_version || (e->versions & (1U << static_cast<unsigned>(api_version))) == 0) {
    const auto *const r = find_row(kRefused, endpoint);
    return forbidden(api_version, endpoint, r == nullptr ? "it is not on the list of what may be asked" : r->why);
  }
  if (scope == Scope::license_manager && e->about != About::nodes)
    return forbidden(api_version, endpoint, "[cloud] scope in netdata.conf limits the cloud to facts about nodes");
  if (method != HttpMethod::get && method != HttpMethod::post) {
    HttpResponse a = text_response(405, fmt::format("/api/v{}/{} only answers GET and POST.", api_version, endpoint));
    a.allow = "GET, POST";
    return a;
  }
  return std::nullopt;
}

std::variant<CheckedTarget, HttpResponse> CheckedTarget::check(HttpMethod method, std::string_view raw,
                                                               const NodeIndex &nodes, Scope scope,
                                                               Functions functions) {
  auto decoded = decode(raw, nodes);
  if (auto *const answer = std::get_if<HttpResponse>(&decoded)) return std::move(*answer);
  auto &d = std::get<DecodedTarget>(decoded);
  if (auto no = refuse(method, d.api_version, d.endpoint, scope, functions)) return std::move(*no);
  // None of the allowed endpoints takes one; the name is from our list, so quoting it is safe.
  if (d.subpath) return text_response(400, fmt::format("API command '{}' does not support subpaths.", d.endpoint));

  CheckedTarget t;
  t.text_ = fmt::format("/api/v{}/{}{}{}", d.api_version, d.endpoint, d.query.empty() ? "" : "?", d.query);
  t.machine_guid_ = std::move(d.machine_guid);
  t.endpoint_ = std::move(d.endpoint);
  return t;
}

}  // namespace aclk::query
