// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the plugin knows beside the link, for who asks at the local socket: the agent that it reads and what came of
// looking for it, and the claim that is written down and what came of that. The supervisor knows it; a worker that
// answers in its place has it from there (shared_text.h). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "claim/claim_log.h"

namespace aclk::external {

// Times are of the wall clock, epoch seconds; 0 = never, or not known.
struct AgentStatus {
  std::string place;    // where it was found; empty: it is not
  std::string version;  // of the one that was found, without v
  std::string trouble;  // it is looked for, and why it is not found yet; one sentence
  std::int64_t since_s = 0;
};

struct PluginStatus {
  std::int64_t began_s = 0;  // the plugin
  AgentStatus agent;
  claim::ClaimOutcome claim;
  // There is no worker: the reason, and when the next one is started; empty while one runs, or none is wanted.
  std::string rests;
  std::int64_t next_start_s = 0;
};

[[nodiscard]] std::string status_to_json(const PluginStatus &word);
// What status_to_json() has made; anything else gives an empty word.
[[nodiscard]] PluginStatus status_from_json(std::string_view json);

// What came of the written claim: told here, or in the state's own Reason.
enum class ClaimOutcomeText : std::uint8_t { is_told, stands_elsewhere };

// "Agent: …", "Written Claim: …": lines for the state, each with its line feed; times in local time.
[[nodiscard]] std::string status_lines(const PluginStatus &word, ClaimOutcomeText outcome = ClaimOutcomeText::is_told);

// The state as a link prints it (aclk/report/state.h), with what the plugin knows put into it: the lines before the
// first blank line, the object as last key "plugin". What does not look like a state stays as it is.
[[nodiscard]] std::string with_status_lines(std::string state, const PluginStatus &word);
[[nodiscard]] std::string with_status_object(std::string state, const PluginStatus &word);

}  // namespace aclk::external
