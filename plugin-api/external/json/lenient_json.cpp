// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/json/lenient_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin-api/external/json/plain_json.h"
#include "plugin-api/external/json/printed_json.h"
#include "plugin-api/external/json/repair_json.h"

namespace aclk::external {
namespace {

using nlohmann::json;

Result<json> parse_strict(std::string_view text, std::string_view name) {
  const auto no_json = [&] { return fail(Errc::parse, fmt::format("the agent's {} is not JSON", name)); };
  if (text.find('\0') != std::string_view::npos) return no_json();  // the parser would take it for the end
  const auto extent = json_extent(text);
  if (extent.values > kMaxJsonValues)
    return fail(Errc::too_big, fmt::format("the agent's {} has more than {} values in its {} bytes, so it is not read",
                                           name, kMaxJsonValues, text.size()));
  if (extent.depth > kMaxJsonDepth)
    return fail(Errc::parse,
                fmt::format("the agent's {} is nested more than {} times, so it is not read", name, kMaxJsonDepth));
  try {
    auto j = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
    if (!j.is_discarded()) return j;
  } catch (const std::exception &) {  // numbers out of range throw whatever was asked for
  }
  return no_json();
}

}  // namespace

JsonExtent json_extent(std::string_view text) {
  JsonExtent e;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      e.depth = std::max(e.depth, ++depth);
      ++e.values;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    } else if (c == ',') {
      ++e.values;
    }
  }
  ++e.values;
  return e;
}

Result<json> parse_agent_json(std::string_view text, std::string_view name, std::vector<std::string> *lost) {
  if (auto printed = reprint_json(text)) {
    if (printed->damaged && is_plain_json(text)) return parse_strict(text, name);
    if (printed->damaged)
      return fail(Errc::parse,
                  fmt::format("the agent's {} is not JSON, or a text in it looks like a part of it ({} bytes)", name,
                              text.size()));
    if (lost != nullptr) *lost = std::move(printed->lost);
    return parse_strict(printed->json, name);
  }
  auto strict = parse_strict(text, name);
  if (strict || strict.error().code == Errc::too_big) return strict;
  auto repaired = parse_strict(repair_json(text), name);
  if (repaired || repaired.error().code == Errc::too_big) return repaired;
  return fail(Errc::parse, fmt::format("{} ({} bytes)", strict.error().what, text.size()));
}

}  // namespace aclk::external
