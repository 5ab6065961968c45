// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the commands that look at a running link have in common: asking aclk.plugin over its local socket, and saying
// why nobody answers. Run by root, they become for good who owns the directories in which they look.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "claim/base/result.h"
#include "claim/identity.h"
#include "plugin-api/cli/directories.h"
#include "plugin-api/external/agent/local_call.h"

namespace aclk::cli {

// How these commands end.
enum class Seen : std::uint8_t {
  answered = 0,
  usage = 1,
  not_running = 3,  // nobody answers; why is said
  no_answer = 4,    // somebody listens, but the answer is an error, or does not come, or may not be asked for
};

// Whom to ask.
struct Where {
  std::string socket;  // --socket; empty = as aclk.plugin chooses it
  std::string cloud_dir;
};

// Adds --socket and --cloud-dir.
void add_where_options(CLI::App &command, Where &where);

// Errors: not_found (nobody listens at any of the places), denied (this user may not), timeout, io.
[[nodiscard]] Result<HttpResponse> ask_plugin(const Where &where, HttpMethod method, std::string_view target);

// What is known without the plugin.
struct Offline {
  claim::Identity identity;
  bool plugin_runs = false;  // then nobody knows whether it is online
  std::string why;           // a sentence or two: cause and next step
};
// Root's process becomes the agent's user for it, for good.
[[nodiscard]] Offline look_at_files(const Where &where);

// Prints why there is no answer, for commands that have nothing else to say. Gives back the exit status.
[[nodiscard]] int no_answer(const Where &where, const Error &error);

// What may be the reason that nobody answers.
struct Surroundings {
  claim::Standing standing = claim::Standing::not_claimed;
  std::string identity_why;    // claim::Identity::why
  std::string claim_source;    // what asks for a claim; empty = nothing is written down
  std::string plugin_file;     // where aclk.plugin is installed; empty = nowhere an agent would look
  bool plugin_runs = false;    // a process aclk.plugin for this agent
  bool agent_runs = false;     // the agent of these directories
  std::string not_started;     // external::why_not_started()
  std::string given_up;        // external::why_given_up()
  bool no_web_server = false;  // external::has_no_web_server()
  bool no_socket = false;      // [plugin:aclk] socket = no
};

// The first thing on the way from an installed plugin to an answer that is not as it has to be, and what to do; then
// what would keep the link from beginning when that is done. Pure.
[[nodiscard]] std::string diagnose_no_answer(const Surroundings &s);

}  // namespace aclk::cli
