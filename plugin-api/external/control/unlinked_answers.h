// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the supervisor answers at the local socket while there is no link that could: the same paths, the same words,
// and why there is none. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "claim/identity.h"
#include "plugin-api/external/config/environment.h"
#include "plugin-api/external/control/local_socket.h"
#include "plugin-api/external/control/plugin_status.h"

namespace aclk::external {

// As "durable state" while there is no link: nobody has opened the database.
inline constexpr const char *kDatabaseNotOpen = "not open";

struct Unlinked {
  claim::Identity identity;
  PluginStatus word;
  std::string cloud_url{};  // as the link would use it, no credentials; shown of a node that is claimed
  std::string proxy{};      // the same
};

// Nobody has asked for a link, and nothing is wrong: a claim is what it needs. (Not: cloud.conf cannot be read.)
[[nodiscard]] bool needs_only_a_claim(const claim::Identity &identity);

// Why there is no link, as one sentence with the next step: the outcome of the claim that is written down, what is
// wrong with the identity, the agent that is not found, the worker that does not run.
[[nodiscard]] std::string why_unlinked(const Unlinked &now);

// reload: called for POST /api/v1/reload-claiming-state. now_s: epoch.
[[nodiscard]] HttpResponse answer_unlinked(const LocalRequest &request, const Unlinked &now, const Environment &env,
                                           std::int64_t now_s, const std::function<void()> &reload);

}  // namespace aclk::external
