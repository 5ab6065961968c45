// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/route.h"

#include <fmt/format.h>

#include <utility>

namespace aclk::query {

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
