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

}  // namespace aclk::cli
