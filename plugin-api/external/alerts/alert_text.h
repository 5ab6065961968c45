// SPDX-License-Identifier: GPL-3.0-or-later
//
// The texts of alerts as the agents print them, in the form the cloud wants (plugin-api/external/API.md, "Alerts",
// proto/README.md, "From agent to cloud").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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
// The command that the agent itself tells: it says health.d/NAME wherever the file is, so that of a file elsewhere is
// made anew.
[[nodiscard]] std::string agents_edit_command(std::string told, const AlertSource &source, std::string_view hostname);

}  // namespace aclk::external
