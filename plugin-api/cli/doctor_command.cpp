// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/commands.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <csignal>
#include <memory>

#include "claim/agent_user.h"
#include "claim/base/text.h"
#include "claim/identity.h"
#include "plugin-api/cli/directories.h"
#include "plugin-api/doctor/checks.h"

namespace aclk::cli {
namespace {

constexpr const char *kDoctorExits = R"(
Exit status:
   0  nothing is wrong (there may be something to look at)
   1  the command line is wrong
   2  something is wrong
   6  neither root nor the agent's user)";

struct DoctorArguments {
  std::string cloud_dir;
  bool json = false;
};

// The agent's, as far as they can be known without it.
external::Environment environment(const Directories &d) {
  auto env = external::read_environment(claim::process_environment());
  env.lib = d.lib;
  env.user_config = d.config;
  if (env.machine_guid.empty())
    if (const auto guid = claim::read_machine_guid(d.lib)) env.machine_guid = *guid;
  return env;
}

int run(const DoctorArguments &given, loop::TimeScale scale) {
  const auto d = directories(given.cloud_dir);
  // What the agent's user cannot read is of no use to the link.
  if (const auto r = claim::become_agent_user(places_of(d)); !r)
    return finish(claim::ExitCode::wrong_user, r.error().what);
  std::signal(SIGPIPE, SIG_IGN);
  curl_global_init(CURL_GLOBAL_DEFAULT);

  const doctor::DoctorContext context(environment(d), scale);
  doctor::Findings all{doctor::check_versions()};
  const auto add = [&](doctor::Findings more) {
    for (auto &f : more) all.push_back(std::move(f));
  };
  const auto running = doctor::ask_running_link(context);
  add(doctor::check_settings(context));
  add(doctor::check_identity(context, running));
  add(doctor::check_readable(context));
  all.push_back(doctor::check_disk(context, running));
  all.push_back(doctor::check_agent(context, running));
  add(doctor::check_documents(context, running));
  all.push_back(doctor::check_plugin(context, running));
  add(doctor::check_reads(running));
  if (auto drops = doctor::check_drops(running)) all.push_back(std::move(*drops));
  const auto &s = context.settings();
  const bool claimed = s.identity.standing == claim::Standing::claimed;
  if (claimed && s.troubles.empty())
    add(doctor::check_cloud(context, running.online  ? doctor::Depth::challenge
                                     : running.there ? doctor::Depth::upgrade
                                                     : doctor::Depth::connect));
  else if (claimed)
    all.push_back(doctor::skipped("cloud", "with settings that cannot be used nothing is sent to it"));
  else
    all.push_back(doctor::skipped("cloud", "without an identity of its own this machine does not connect"));
  fmt::print("{}", given.json ? doctor::as_json(all) : terminal_text(doctor::as_text(all)));
  return doctor::exit_status(all);
}

}  // namespace

Command add_doctor_command(CLI::App &app, loop::TimeScale scale) {
  const auto given = std::make_shared<DoctorArguments>();
  auto *const c = app.add_subcommand("doctor",
                                     "Says why the link does not work: configuration, identity, agent, names, "
                                     "addresses, proxy, TLS, login, WebSocket,\n"
                                     "MQTT. Nothing is changed, and a link that runs is not disturbed.");
  add_cloud_dir_option(*c, given->cloud_dir);
  c->add_flag("--json", given->json, "One JSON object instead of text");
  c->footer(kDoctorExits);
  return {c, [given, scale] { return run(*given, scale); }};
}

}  // namespace aclk::cli
