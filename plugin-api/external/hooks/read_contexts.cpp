// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/hooks/read_contexts.h"

#include "claim/base/hash.h"
#include "plugin-api/external/json/json_fields.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxContexts = 200'000;

}  // namespace

std::vector<Context> read_contexts(const nlohmann::json &document) {
  std::vector<Context> out;
  for (const auto &[id, c] : object_of(document, "contexts").items()) {  // nlohmann keeps members sorted
    if (out.size() >= kMaxContexts) break;
    if (id.empty() || id.size() > kMaxField || !c.is_object() || bool_of(c, "deleted")) continue;
    Context one;
    one.id = id;
    one.title = text_of(c, "title");
    one.units = text_of(c, "units");
    one.family = text_of(c, "family");
    one.chart_type = text_of(c, "chart_type");
    one.priority = uint_of(c, "priority");
    one.first_s = uint_of(c, "first_time_t");
    one.last_s = uint_of(c, "last_time_t");
    one.collected = bool_of(c, "collected");
    out.push_back(std::move(one));
  }
  return out;
}

std::uint64_t fingerprint(const std::vector<Context> &contexts) {
  Hash h;
  for (const auto &c : contexts)
    h.add(c.id)
        .add(c.title)
        .add(c.units)
        .add(c.family)
        .add(c.chart_type)
        .add(c.priority)
        .add(c.first_s)
        .add(c.collected ? 0 : c.last_s);
  return h.value();
}

}  // namespace aclk::external
