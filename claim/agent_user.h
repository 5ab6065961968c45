// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent has to read what the claim writes, above all a private key that nobody else may read. So the claim is made
// as the agent's user: files are born with the right owner, and root never writes in a directory that somebody else
// owns (who could have put a symbolic link in its way).
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "claim/base/result.h"

namespace aclk::claim {

struct AgentUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;          // or the number, when the system has no name for it
  std::filesystem::path of;  // the directory that tells: whose owner it is
};

// The owner of DIR (cloud.d), or of its parent (the agent's library directory) when DIR does not exist or is root's.
// nullopt when that is root as well, or neither exists: the agent is then taken to run as whoever calls.
[[nodiscard]] std::optional<AgentUser> agent_user_of(const std::filesystem::path &dir);

// Makes this process that user, for good: user, group, groups. A DIR that root made is handed over first. Nothing is
// done when we are that user, or there is none. Errors: denied when we are somebody else than the user and root.
// Call it before there are threads.
[[nodiscard]] Result<void> become_agent_user(const std::filesystem::path &dir);

}  // namespace aclk::claim
