// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/hooks/read_contexts.h"

#include "claim/base/hash.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxContexts = 200'000;

}  // namespace

ContextList read_contexts(const nlohmann::json &document) {
  ContextList out;
  for (const auto &[id, c] : object_of(document, "contexts").items()) {  // nlohmann keeps members sorted
    if (out.items.size() >= kMaxContexts) break;
    if (id.empty() || id.size() > kMaxField || !c.is_object() || bool_of(c, "deleted")) continue;
    auto &one = out.add();
    one.id = out.texts.keep(id);
    one.title = out.texts.keep(text_of(c, "title"));
    one.units = out.texts.keep(text_of(c, "units"));
    one.family = out.texts.keep(text_of(c, "family"));
    one.chart_type = out.texts.keep(text_of(c, "chart_type"));
    one.priority = uint_of(c, "priority");
    one.first_s = uint_of(c, "first_time_t");
    one.last_s = uint_of(c, "last_time_t");
    one.collected = bool_of(c, "collected") ? 1 : 0;
  }
  return out;
}

std::uint64_t fingerprint(const std::vector<naclk_context> &contexts) {
  Hash h;
  for (const auto &c : contexts)
    h.add(text(c.id))
        .add(text(c.title))
        .add(text(c.units))
        .add(text(c.family))
        .add(text(c.chart_type))
        .add(c.priority)
        .add(c.first_s)
        .add(c.collected != 0 ? 0 : c.last_s);
  return h.value();
}

}  // namespace aclk::external
