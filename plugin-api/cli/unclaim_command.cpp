// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/commands.h"

#include <memory>
#include <string>

#include "claim/agent_user.h"
#include "claim/unclaim.h"
#include "plugin-api/cli/directories.h"

namespace aclk::cli {
namespace {

using Work = claim::ClaimReport (*)(const claim::UnclaimOptions &, const claim::UnclaimEnvironment &);

constexpr const char *kUnclaimExits = R"(
Exit status:
   0  done; or there was nothing to do
   1  the command line is wrong
   2  a file cannot be changed, or the agent is running
   6  neither root nor the agent's user
  21  a claim is running)";

int run(const std::string &cloud_dir, Work work) {
  const auto d = directories(cloud_dir);
  claim::UnclaimOptions o{d.cloud, d.lib, d.cache, caller_name()};
  if (const auto r = claim::become_agent_user(places_of(d)); !r)
    return finish(claim::ExitCode::wrong_user, r.error().what);
  const auto disk = claim::real_disk();
  const auto report = work(o, claim::real_unclaim_environment(*disk));
  return finish(report.exit, report.message);
}

Command add(CLI::App &app, const char *name, const char *description, Work work) {
  const auto cloud_dir = std::make_shared<std::string>();
  auto *const c = app.add_subcommand(name, description);
  add_cloud_dir_option(*c, *cloud_dir);
  c->footer(kUnclaimExits);
  return {c, [cloud_dir, work] { return run(*cloud_dir, work); }};
}

}  // namespace

Command add_unclaim_command(CLI::App &app) {
  return add(
      app, "unclaim",
      "Makes this node nobody's: the link says goodbye and ends, its keys, claim id and durable state are removed.\n"
      "Settings and certificates stay. What asked for the claim (claim.conf) does not bring it back by itself.",
      claim::unclaim_node);
}

Command add_prepare_template_command(CLI::App &app) {
  return add(app, "prepare-template",
             "Prepares this machine to be copied (golden image, container image, clone): removes the identity and the\n"
             "agent's machine guid, so that each copy becomes a node of its own. The agent must not be running.",
             claim::prepare_template);
}

}  // namespace aclk::cli
