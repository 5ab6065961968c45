// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's JSON, which is at times none (plugin-api/external/lenient_json.h).
#include "plugin-api/external/lenient_json.h"

#include <algorithm>

#include "tests/fuzz/fuzz.h"

void aclk::fuzz::fuzz(std::string_view bytes) {
  const auto repaired = external::repair_json(bytes);
  require(repaired.size() <= 16 + 6 * bytes.size(), "a repair is no bomb");
  // What looks deep may be in a text that a repair closes where it should have been.
  const auto depth = std::min(external::json_depth(bytes), external::json_depth(repaired));
  const auto document = external::parse_agent_json(bytes, "a document");
  if (depth > external::kMaxJsonDepth) {
    require(!document, "too deep is refused");
    return;
  }
  // No JSON has a NUL; the library reads only up to it.
  if (bytes.find('\0') != std::string_view::npos || !nlohmann::json::accept(bytes)) return;
  require(document && *document == nlohmann::json::parse(bytes), "what is valid stays as it is");
}
