// SPDX-License-Identifier: GPL-3.0-or-later
//
// The texts of alerts: as the agents print them, in the form the cloud wants (plugin-api/external/API.md, "Alerts",
// proto/README.md, "From agent to cloud"), and as the agent's health configuration has them. 1.x says over REST where
// a definition stands (`source`), but not what `on`, `lookup`, `hosts`, `delay` and others say there
// (plugin-api/external/API.md, "Alert definitions").
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin-api/external/config/environment.h"
#include "plugin-api/external/config/netdata_conf.h"

namespace aclk::external {

// The six entities that the agents write: &gt; &lt; &amp; &#x2F; &quot; &#39;. Anything else stays.
[[nodiscard]] std::string html_unescape(std::string_view text);

// CLEAR, WARNING, ... as enum naclk_alert_status; unknown words are NACLK_ALERT_UNKNOWN.
[[nodiscard]] std::uint32_t alert_status(std::string_view word);

// A UUID that the agent gave to something; "" if it gave none (1.37 prints zeros).
[[nodiscard]] std::string agents_uuid(std::string_view text);

// Where a definition stands: "4@/path/cpu.conf", or "line=4,file=/path/cpu.conf".
struct AlertSource {
  std::uint32_t line = 0;
  std::string file;  // empty = no source

  [[nodiscard]] std::string conf_source() const;  // line=4,file=/path/cpu.conf; "" without a source
};
[[nodiscard]] AlertSource parse_source(std::string_view text);

// The shell command that edits the definition: sudo CONFIG/edit-config health.d/cpu.conf=4=HOST; sudo vi +4 FILE for a
// file that edit-config does not reach, being in neither a health.d nor CONFIG; "" without a source.
[[nodiscard]] std::string edit_command(const AlertSource &source, std::string_view config_dir,
                                       std::string_view hostname);
// The command that the agent itself shows: it says health.d/NAME wherever the file is, so that of a file elsewhere is
// made anew.
[[nodiscard]] std::string agents_edit_command(std::string told, const AlertSource &source, std::string_view hostname);

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
