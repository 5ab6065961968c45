// SPDX-License-Identifier: GPL-3.0-or-later
//
// The text of an alert's definition in the agent's health configuration. 1.x tells over REST where it stands
// (`source`), but not what `on`, `lookup`, `hosts`, `delay` and others say there (plugin-api/external/API.md, "Alert
// definitions").
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/config/environment.h"
#include "plugin-api/external/config/netdata_conf.h"

namespace aclk::external {

// Where an agent keeps its health configuration: its users', and that of its package.
using HealthDirectories = std::vector<std::filesystem::path>;

// [directories] health config and stock health config, in old files [health] health configuration directory and stock
// health configuration directory, as the agent moves them; else health.d in the directories of the environment. The
// agent takes the value as it is, quotes and spaces included.
[[nodiscard]] HealthDirectories health_directories(const NetdataConf &conf, const Environment &env);

// Keys in lower case ("host labels"), the last of equal ones; of white space inside a value one space stays, and quotes
// in info are spaces, as for the agent. One key is `alarm` or `template`.
using HealthBlock = std::map<std::string, std::string>;

// The block whose alarm: or template: line is, or ends in, line `line` (from 1) of a health file, up to the next such
// line. nullopt if no block begins there.
[[nodiscard]] std::optional<HealthBlock> parse_health_block(std::string_view text, std::uint32_t line);

// Reads it. Only files named *.conf, up to 256 KiB, below one of these directories or one of the name health.d: the
// path comes from outside.
[[nodiscard]] std::optional<HealthBlock> read_health_block(const AlertSource &source,
                                                           const HealthDirectories &directories);

}  // namespace aclk::external
