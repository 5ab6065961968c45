// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/target.h"

#include <fmt/format.h>

#include <cstddef>
#include <vector>

#include "aclk/query/http_request.h"
#include "claim/base/query_string.h"
#include "claim/base/text.h"
#include "claim/base/uuid.h"

namespace aclk::query {
namespace {

constexpr std::string_view kUnknownEndpoint = "Unknown API endpoint.";
constexpr std::size_t kMaxComponents = 64;
constexpr std::size_t kShownTarget = 256;

std::string escaped_start(std::string_view text) { return html_escape(text.substr(0, kShownTarget)); }

Answer bad_url() { return text_answer(400, "URL not valid. I don't understand you..."); }
Answer not_found() { return text_answer(404, std::string(kUnknownEndpoint)); }

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
std::optional<NodeRef> find_node(bool node_id_first, std::string_view name, const NodeIndex &nodes) {
  if (const auto uuid = parse_uuid(name)) {
    auto found = node_id_first ? nodes.by_node_id(*uuid) : nodes.by_machine_guid(*uuid);
    if (!found) found = node_id_first ? nodes.by_machine_guid(*uuid) : nodes.by_node_id(*uuid);
    if (found) return found;
  }
  if (name == "localhost") return NodeRef{{}, true};
  return nodes.by_hostname(name);
}

// The same path with a slash behind, for a browser that would resolve relative links wrongly without it.
Answer redirect(const std::vector<std::string> &path, std::string_view query) {
  std::string to;
  for (const auto &c : path) to += '/' + percent_encode(c);
  to += '/';
  if (!query.empty()) to += fmt::format("?{}", query);
  Answer a;
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

}  // namespace

std::variant<Target, Answer> parse_target(std::string_view raw, const NodeIndex &nodes) {
  const auto mark = raw.find('?');
  const auto path_text = raw.substr(0, mark);
  const auto parameters =
      QueryString::parse(mark == std::string_view::npos ? std::string_view{} : raw.substr(mark + 1));
  if (!path_text.starts_with('/') || (!parameters && parameters.error().code == Errc::parse)) return bad_url();
  if (!parameters) return text_answer(400, html_escape(parameters.error().what));
  auto query = parameters->text();
  if (query.size() > kMaxTargetBytes) return bad_url();
  const auto path = components(path_text);
  if (!path) return bad_url();

  Target t;
  bool local = true;
  auto at = path->begin();
  while (at != path->end() && (*at == "node" || *at == "host")) {
    if (!local) return text_answer(400, "Nesting of hosts is not allowed.");
    const bool node_id_first = *at++ == "node";
    const std::string_view name = at == path->end() ? std::string_view{} : std::string_view(*at);
    const auto found = name.empty() ? std::nullopt : find_node(node_id_first, name, nodes);
    if (!found) return text_answer(404, "This netdata does not maintain a database for host: " + escaped_start(name));
    if (++at == path->end()) return redirect(*path, query);
    local = found->local;
    t.machine_guid = local ? std::string{} : found->machine_guid;
  }

  if (path->end() - at < 3 || *at != "api") return not_found();
  const auto version = api_version(*++at);
  if (!version)
    return at->starts_with('v') ? text_answer(404, "Unsupported API version: " + escaped_start(*at)) : not_found();
  if ((++at)->empty()) return not_found();
  t.api_version = *version;
  t.endpoint = *at;
  t.subpath = path->end() - at > 1;
  t.query = std::move(query);
  return t;
}

}  // namespace aclk::query
