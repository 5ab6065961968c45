// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/plugin_main.h"

#include <netdata-aclk/plugin.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "claim/agent_user.h"
#include "claim/settings.h"
#include "plugin-api/external/json/values.h"
#include "plugin-api/external/process/children.h"
#include "plugin-api/external/process/worker_restart_policy.h"

namespace aclk::external {
namespace {

constexpr const char *kHelp =
    "aclk.plugin: connects a Netdata agent that was built without the agent-cloud link to the cloud.\n"
    "\n"
    "Agents start it by themselves: put it into their plugins directory (/usr/lib/netdata/plugins.d or\n"
    "/etc/netdata/custom-plugins.d). It does nothing until the node is claimed: netdata-aclk claim --help.\n"
    "\n"
    "  aclk.plugin SECONDS [OPTIONS]   as an agent runs it; it ends when its stdin does\n"
    "      --agent-url=URL             where the agent listens (http://127.0.0.1:19999, unix:/PATH); normally found\n"
    "                                  without. The same as agent url in [plugin:aclk] of netdata.conf\n"
    "  aclk.plugin -W buildinfo        what is built in; -W buildinfojson: as JSON\n"
    "  aclk.plugin --version\n"
    "  aclk.plugin --help\n"
    "\n"
    "Settings in [plugin:aclk] of netdata.conf: agent url; poll alerts every, poll nodes every, poll contexts every\n"
    "(seconds: 1, 5, 10). `aclk = no` in [plugins] turns it off.\n";

int print_buildinfo(bool json) {
  const auto print = [](void * /*ctx*/, naclk_str line) -> int {
    std::printf("%.*s\n", static_cast<int>(line.len), line.data);
    return 0;
  };
  return (json ? netdata_aclk_buildinfojson(print, nullptr) : netdata_aclk_buildinfo(print, nullptr)) < 0 ? 1 : 0;
}

// Tried out by root: as every command of root's, nothing as root in directories of the agent's user. An agent that
// starts a plugin is that user.
Result<void> step_down() {
  const auto getenv = claim::process_environment();
  if (::geteuid() != 0 || getenv("NETDATA_LIB_DIR") || getenv("NETDATA_VERSION")) return {};
  const auto lib = claim::default_lib_dir(getenv);
  return claim::become_agent_user({lib / "cloud.d", lib, claim::default_netdata_conf(getenv), false});
}

int dispatch(int argc, char **argv, const CreateModule &create) {
  if (const auto r = step_down(); !r) {
    std::fprintf(stderr, "aclk.plugin: %s\n", r.error().what.c_str());
    return kExitFailed;
  }
  const auto env = read_environment(claim::process_environment());
  const auto who = !env.from_agent && ::isatty(STDOUT_FILENO) == 1 ? StartedBy::person : StartedBy::agent;
  const auto options = parse_options({argv + std::min(argc, 1), argv + argc}, who);
  AgentLog log({env.logfmt ? LogStyle::logfmt : LogStyle::classic, env.log, env.debug});
  switch (options.mode) {
    case Mode::supervise:
      return supervise(options, env, log, argv);
    case Mode::work:
      return work(options, env, log, create);
    case Mode::claim:
      return claim_what_is_written(env, options.status_fd >= 0 ? options.status_fd : STDERR_FILENO);
    case Mode::buildinfo:
    case Mode::buildinfojson:
      return print_buildinfo(options.mode == Mode::buildinfojson);
    case Mode::version:
      std::puts("aclk.plugin " ACLK_VERSION);
      return 0;
    case Mode::help:
    case Mode::explain:
      break;
  }
  std::fputs(kHelp, stdout);
  return 0;
}

}  // namespace

int plugin_main(int argc, char **argv, const CreateModule &create) noexcept {
  try {
    return dispatch(argc, argv, create);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "aclk.plugin ERROR : MAIN : ACLK: %s\n", e.what());
    return kExitFailed;
  }
}

}  // namespace aclk::external
