// SPDX-License-Identifier: GPL-3.0-or-later
//
// The text of an alert's definition in the agent's health configuration. 1.x tells over REST where it stands
// (`source`), but not what `on`, `lookup`, `hosts`, `delay` and others say there (plugin-api/external/API.md, "Alert
// definitions").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "plugin-api/external/alert_text.h"

namespace aclk::external {

// Keys in lower case ("host labels"); the first is `alarm` or `template`.
using HealthBlock = std::map<std::string, std::string>;

// The block that begins at line `line` (from 1) of a health file, up to the next alarm: or template:. nullopt if no
// block begins there.
[[nodiscard]] std::optional<HealthBlock> parse_health_block(std::string_view text, std::uint32_t line);

// Reads it. Only files named *.conf under a directory health.d, up to 256 KiB: the path comes from outside.
[[nodiscard]] std::optional<HealthBlock> read_health_block(const AlertSource &source);

}  // namespace aclk::external
