// SPDX-License-Identifier: GPL-3.0-or-later
//
// Claiming a node, from the settings to the files. What is outside of this process comes as functions, which a test can
// replace.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "claim/claim_request.h"
#include "claim/identity.h"
#include "claim/key.h"
#include "claim/proxy.h"
#include "claim/settings.h"

namespace aclk::claim {

struct ClaimEnvironment {
  Getenv getenv;
  HttpPut put;
  std::function<void(std::chrono::milliseconds)> sleep;
  std::function<std::string()> new_claim_id;
  NewKey new_key;
  std::function<std::string()> system_hostname;
  Disk *disk = nullptr;                       // not owned, lives longer
  std::function<void(std::string_view)> say;  // progress and warnings, a line each, without secrets
};

// The outside as it is; `put` is what asks the cloud (aclk/net/claim_put.h). `say` is called from inside
// claim_node only.
[[nodiscard]] ClaimEnvironment real_environment(Disk &disk, HttpPut put, std::function<void(std::string_view)> say);

struct ClaimReport {
  ExitCode exit = ExitCode::claimed;
  std::string message;  // what happened, why, what next; lines without a line feed at the end; no secrets
  // Of a claim that the cloud has not granted, the message without the next step, and why there was no answer.
  std::string reason{};
  std::optional<Errc> cause{};
};

// Blocks: up to kMaxAttempts requests of kClaimTimeout each. Changes nothing when the node is claimed already (unless
// `reclaim`), when the link is switched off, and when the cloud does not say 204; in particular an old claim stays in
// force until a new one has been granted. The caller is the agent's user already (agent_user.h) and ignores SIGPIPE.
[[nodiscard]] ClaimReport claim_node(const ClaimOptions &options, const ClaimEnvironment &environment);

}  // namespace aclk::claim
