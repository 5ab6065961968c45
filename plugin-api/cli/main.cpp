// SPDX-License-Identifier: GPL-3.0-or-later
//
// netdata-aclk: what an administrator does with the agent-cloud link from a terminal or a provisioning tool.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <vector>

#include "claim/claim_script.h"
#include "claim/exit_code.h"
#include "plugin-api/cli/argv_secrets.h"
#include "plugin-api/cli/claim_command.h"
#include "plugin-api/cli/doctor_command.h"
#include "plugin-api/cli/script_command.h"
#include "plugin-api/cli/state_command.h"
#include "plugin-api/cli/unclaim_command.h"
#include "plugin-api/cli/what_is_sent_command.h"

namespace {

// --proxy may hold a password. The scripts' options are here as well: what a script was given is given on.
std::vector<std::string_view> secret_options() {
  auto out = aclk::claim::secret_script_options();
  out.insert(out.end(), {"--token", "--proxy"});
  return out;
}

int run(std::vector<std::string> arguments) {
  // Not a command like the others: its options begin with one dash, as those of the scripts.
  if (arguments.size() > 1 && arguments[1] == "claim-script")
    return aclk::cli::run_claim_script({arguments.begin() + 2, arguments.end()});
  CLI::App app("netdata-aclk: the link between a Netdata agent and the cloud", "netdata-aclk");
  app.set_version_flag("--version", std::string("netdata-aclk ") + ACLK_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(28);
  app.footer("Run `netdata-aclk COMMAND --help` for the options of a command.");
  const std::vector<aclk::cli::Command> commands{
      aclk::cli::add_claim_command(app),        aclk::cli::add_doctor_command(app),
      aclk::cli::add_unclaim_command(app),      aclk::cli::add_prepare_template_command(app),
      aclk::cli::add_state_command(app),        aclk::cli::add_reload_command(app),
      aclk::cli::add_what_is_sent_command(app),
  };

  arguments.erase(arguments.begin());
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ExtrasError &) {
    // CLI11 would quote them all, and one may be the token behind a misspelt --token: only what looks like a name is
    // shown.
    std::cerr << "netdata-aclk: not expected here:";
    for (const auto &arg : app.remaining(true))
      std::cerr << ' ' << (arg.starts_with('-') ? arg.substr(0, arg.find('=')) : "(a value)");
    std::cerr << ". Run with --help for what is.\n";
    return static_cast<int>(aclk::claim::ExitCode::usage);
  } catch (const CLI::ParseError &e) {
    return app.exit(e) == 0 ? 0 : static_cast<int>(aclk::claim::ExitCode::usage);
  }
  const auto given = std::find_if(commands.begin(), commands.end(), [](const auto &c) { return c.parsed->parsed(); });
  return given == commands.end() ? static_cast<int>(aclk::claim::ExitCode::usage) : given->run();
}

}  // namespace

int main(int argc, char **argv) {
  try {
    return run(aclk::cli::take_arguments(argc, argv, secret_options()));
  } catch (const std::exception &e) {
    std::cerr << "netdata-aclk: " << e.what() << "\n";
    return static_cast<int>(aclk::claim::ExitCode::local_files);
  }
}
