// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the plugin that runs and the agent of this machine say when they are asked, as findings. What the plugin knows
// is repeated here and not looked for a second time, so that it and doctor do not disagree; the agent's documents are
// read as the plugin reads them. Pure, but for asking.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "claim/base/result.h"
#include "claim/identity.h"
#include "plugin-api/doctor/doctor_context.h"
#include "plugin-api/doctor/finding.h"

namespace aclk::doctor {

// The plugin by its own word, at its local socket.
struct RunningLink {
  bool there = false;   // it answers
  std::string trouble;  // somebody listens, and there is no answer: why
  bool online = false;
  std::string state;   // "online", "waiting"
  std::string reason;  // why it is not online, else of its last attempt
  // The agent that it reads.
  std::string agent_place;  // where it was found
  std::string agent_version;
  std::string agent_trouble;  // it is looked for, and why it is not found
  // The claim that is written down.
  std::string claim_line;  // what came of it; empty: nothing yet, or there is none
  bool claim_failed = false;
  bool claim_runs = false;
  std::uint64_t claim_attempts = 0;
  std::string claim_next;  // when it is tried again, UTC
  std::string drops;       // a link that keeps falling: the finding
  std::string not_kept;    // why what should survive a restart is in its memory only; empty: it is on disk
  // What it cannot read of its agent, since when and why: "the alerts of node x, since ...".
  std::vector<std::string> unreadable;
};

// Of GET /api/v1/aclk.
[[nodiscard]] RunningLink read_running_link(const nlohmann::json &state);
[[nodiscard]] RunningLink ask_running_link(const DoctorContext &context);

[[nodiscard]] Finding check_running(const RunningLink &link);
// What it says of its agent; nullopt when it has not looked for it.
[[nodiscard]] std::optional<Finding> agent_by_its_word(const RunningLink &link);
// Nobody has claimed this node: what it says of the claim that is written down; nullopt when there is none.
[[nodiscard]] std::optional<Finding> claim_by_its_word(const RunningLink &link);
// A link that keeps falling; nullopt: it does not.
[[nodiscard]] std::optional<Finding> check_drops(const RunningLink &link);

// The documents that the link reads of the agent.
//
// GET of a node's document; an empty node is the local one.
using ReadDocument = std::function<Result<nlohmann::json>(std::string_view node, std::string_view target)>;

// Alarms, alert log, contexts and charts of each live node (the first 100), and the info that lists them. One finding
// for each that cannot be read; a good one if there is none. `local`: machine GUID. Pure, but for reading.
[[nodiscard]] Findings look_at_documents(const std::string &local, const ReadDocument &read);
// Of an agent that was not found just now. Nothing when that has a finding of its own; the plugin may have found it
// before, and does not know yet that it hangs.
[[nodiscard]] Findings documents_not_read(const Error &why, const RunningLink &link);
// The same as look_at_documents of the agent of this machine.
[[nodiscard]] Findings check_documents(const DoctorContext &context, const RunningLink &link);
// Reads that fail each time, by the running plugin's word.
[[nodiscard]] Findings check_reads(const RunningLink &link);

}  // namespace aclk::doctor
