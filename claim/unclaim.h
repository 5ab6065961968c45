// SPDX-License-Identifier: GPL-3.0-or-later
//
// The way back: a node that is nobody again, and a machine that can be copied.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "claim/agent_processes.h"
#include "claim/claim_node.h"

namespace aclk::claim {

struct UnclaimOptions {
  std::filesystem::path cloud_dir;
  std::filesystem::path lib_dir;    // prepare_template: machine guid
  std::filesystem::path cache_dir;  // prepare_template: agents of 2.x keep a copy of the guid there
  std::string by;                   // who asks, for the note: a user name
};

struct UnclaimEnvironment {
  Disk *disk = nullptr;  // not owned
  std::function<void(std::chrono::milliseconds)> sleep;
  std::function<std::string()> now;  // "2026-11-21 10:00:00", for the note
  // A process of the agent of these directories, itself or a plugin.
  std::function<std::optional<int>(const AgentFiles &files)> running_agent;
};

[[nodiscard]] UnclaimEnvironment real_unclaim_environment(Disk &disk);

// The claim is withdrawn first (a link that is up sees that, says goodbye and ends; waited for up to 5 s), then
// keys, claim id and durable state go. cloud.conf keeps what the administrator set (enabled, url, proxy, insecure) and
// loses what belonged to the claim; certificates stay. cloud.d/unclaimed gets a line that says when, what and by whom,
// so that what asked for this claim (claim.conf, environment) does not bring it back at the next start.
// Blocks. Exits: claimed (0: done, or there was nothing), local_files, busy.
[[nodiscard]] ClaimReport unclaim_node(const UnclaimOptions &options, const UnclaimEnvironment &environment);

// The same without the note, and the agent's machine guid goes too: it makes a new one when it starts. Refused (exit
// local_files) while the agent runs, which has its guid in memory and would go on with it.
[[nodiscard]] ClaimReport prepare_template(const UnclaimOptions &options, const UnclaimEnvironment &environment);

}  // namespace aclk::claim
