// SPDX-License-Identifier: GPL-3.0-or-later
//
// netdata-aclk: what an administrator does with the agent-cloud link from a terminal or a provisioning tool. Errors:
// each run() gives the exit status that netdata-aclk(1) lists, and has written the reason to stderr.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "aclk/loop/clock.h"

namespace aclk::cli {

// A subcommand.
struct Command {
  CLI::App *parsed = nullptr;  // owned by the application; what was given on the command line
  std::function<int()> run;    // the exit status; called when it is this command that was given
};

// Getting and giving up an identity. What they do is in claim/; `claim` becomes the agent's user first.
[[nodiscard]] Command add_claim_command(CLI::App &app);
[[nodiscard]] Command add_unclaim_command(CLI::App &app);
[[nodiscard]] Command add_prepare_template_command(CLI::App &app);

// Of the link that runs, through its local socket.
[[nodiscard]] Command add_state_command(CLI::App &app);
[[nodiscard]] Command add_reload_command(CLI::App &app);
// Each type of message: how many, how many bytes, when last, and the last one in clear.
[[nodiscard]] Command add_what_is_sent_command(CLI::App &app);

// Why the link does not work, from the configuration to the broker. Changes nothing.
[[nodiscard]] Command add_doctor_command(CLI::App &app, loop::TimeScale scale);

// `netdata-aclk claim-script`: what netdata-claim.sh and netdata-cloud.sh call with all of their arguments. The
// sentences and exit codes are those of the scripts (claim/claim_script.h), the work is that of `netdata-aclk claim`.
// `arguments`: what comes after "claim-script".
[[nodiscard]] int run_claim_script(const std::vector<std::string> &arguments);

// The program; returns the exit status. scale: of what `doctor` waits for.
[[nodiscard]] int cli_main(int argc, char **argv, loop::TimeScale scale = {}) noexcept;

}  // namespace aclk::cli
