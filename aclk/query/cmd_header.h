// SPDX-License-Identifier: GPL-3.0-or-later
//
// The JSON dictionary that a cmd message begins with (aclk/query/README.md, "Framing").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aclk::query {

// A header is a handful of short values; more is not one. Bounds what the parser is given and what can be echoed.
inline constexpr std::size_t kMaxHeaderJsonBytes = 64U << 10;
// Nested values are allowed and ignored, to this depth.
inline constexpr int kMaxHeaderJsonDepth = 16;

// Only what is used. A key whose value has the wrong type counts as absent; of a key given twice the last one counts.
struct CmdHeader {
  std::optional<std::string> type;
  std::optional<std::string> msg_id;
  std::optional<std::string> callback_topic;
  std::int64_t version = 0;      // 0 = absent
  std::uint64_t timeout_ms = 0;  // 0 = absent, zero or negative
};

// nullopt: not JSON, or over a bound. JSON that is no object is a header without keys. Fractions are cut off, numbers
// too large for their field become its largest value.
[[nodiscard]] std::optional<CmdHeader> parse_cmd_header(std::string_view json);

}  // namespace aclk::query
