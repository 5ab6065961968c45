// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why does nobody answer at the plugin's socket? Pure.
#pragma once

#include <string>

#include "claim/identity.h"

namespace aclk::cli {

struct Surroundings {
  claim::Standing standing = claim::Standing::not_claimed;
  std::string identity_why;    // claim::Identity::why
  std::string wish_source;     // what asks for a claim; empty = nothing is written down
  std::string plugin_file;     // where aclk.plugin is installed; empty = nowhere an agent would look
  bool plugin_runs = false;    // a process aclk.plugin for this agent
  bool agent_runs = false;     // the agent of these directories
  std::string not_started;     // external::why_not_started()
  std::string given_up;        // external::why_given_up()
  bool no_web_server = false;  // external::has_no_web_server()
  bool no_socket = false;      // [plugin:aclk] socket = no
};

// The first thing on the way from an installed plugin to an answer that is not as it has to be, and what to do; then
// what would keep the link from beginning when that is done.
[[nodiscard]] std::string diagnose_no_answer(const Surroundings &s);

}  // namespace aclk::cli
