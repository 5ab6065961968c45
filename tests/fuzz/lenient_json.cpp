// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's JSON, which is at times none (plugin-api/external/json/lenient_json.h).
#include "plugin-api/external/json/lenient_json.h"

#include <algorithm>

#include "plugin-api/external/json/json_text.h"
#include "plugin-api/external/json/printed_json.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace aclk::external;
using aclk::fuzz::require;
using nlohmann::json;

// A document in the layout of printf: what comes out is JSON, and no bomb.
void printed(std::string_view bytes, const Reprinted &r) {
  require(r.json.size() <= 64 + 7 * bytes.size(), "a print is no bomb");
  require(r.damaged ? r.json.empty() : json::accept(r.json), "what was printed anew is JSON");
  for (const auto &l : r.lost) require(l.size() < 400, "a name of what was lost is short");
}

// What the library prints with tabs has this layout, so it reads the same; but for backslashes, which are texts there.
void differential(const json &document) {
  const auto text = document.dump(1, '\t', false, json::error_handler_t::replace);
  if (text.find('\\') != std::string::npos || json_extent(text).depth > 24) return;
  const auto again = parse_agent_json(text, "a document");
  require(again && *again == json::parse(text), "what the library prints is read as it reads it");
}

}  // namespace

void aclk::fuzz::fuzz(std::string_view bytes) {
  const auto repaired = repair_json(bytes);
  require(repaired.size() <= 16 + 6 * bytes.size(), "a repair is no bomb");
  if (const auto line = reprint_one_line(bytes)) require(json::accept(*line), "a line printed anew is JSON");
  const auto document = parse_agent_json(bytes, "a document");
  if (const auto r = reprint_json(bytes)) return printed(bytes, *r);
  // What looks deep may be in a text that a repair closes where it should have been.
  const auto depth = std::min(json_extent(bytes).depth, json_extent(repaired).depth);
  if (depth > kMaxJsonDepth) {
    require(!document, "too deep is refused");
    return;
  }
  // No JSON has a NUL; the library reads only up to it.
  if (bytes.find('\0') != std::string_view::npos || !json::accept(bytes)) return;
  require(document && *document == json::parse(bytes), "what is valid stays as it is");
  if (is_plain_json(bytes)) differential(*document);
}
