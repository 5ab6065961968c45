// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <vector>

#include "claim/claim_request.h"
#include "claim/claim_script.h"
#include "plugin-api/cli/secrets.h"

namespace aclk::cli {
namespace {

// --proxy may hold a password. The scripts' options are here as well: what a script was given is given on.
std::vector<std::string_view> secret_options() {
  auto out = claim::secret_script_options();
  out.insert(out.end(), {"--token", "--proxy"});
  return out;
}

int run(std::vector<std::string> arguments, loop::TimeScale scale) {
  // Not a command like the others: its options begin with one dash, as those of the scripts.
  if (arguments.size() > 1 && arguments[1] == "claim-script")
    return run_claim_script({arguments.begin() + 2, arguments.end()});
  CLI::App app("netdata-aclk: the link between a Netdata agent and the cloud", "netdata-aclk");
  app.set_version_flag("--version", std::string("netdata-aclk ") + ACLK_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(28);
  app.footer("Run `netdata-aclk COMMAND --help` for the options of a command.");
  const std::vector<Command> commands{
      add_claim_command(app),        add_doctor_command(app, scale),
      add_unclaim_command(app),      add_prepare_template_command(app),
      add_state_command(app),        add_reload_command(app),
      add_what_is_sent_command(app),
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
    return static_cast<int>(claim::ExitCode::usage);
  } catch (const CLI::ParseError &e) {
    return app.exit(e) == 0 ? 0 : static_cast<int>(claim::ExitCode::usage);
  }
  const auto given = std::find_if(commands.begin(), commands.end(), [](const auto &c) { return c.parsed->parsed(); });
  return given == commands.end() ? static_cast<int>(claim::ExitCode::usage) : given->run();
}

}  // namespace

int cli_main(int argc, char **argv, loop::TimeScale scale) noexcept {
  try {
    return run(take_arguments(argc, argv, secret_options()), scale);
  } catch (const std::exception &e) {
    std::cerr << "netdata-aclk: " << e.what() << "\n";
    return static_cast<int>(claim::ExitCode::local_files);
  }
}

}  // namespace aclk::cli
