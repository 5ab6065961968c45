// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/commands.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "aclk/net/claim_put.h"
#include "claim/agent_user.h"
#include "claim/base/text.h"
#include "claim/claim_node.h"
#include "claim/unclaim.h"
#include "plugin-api/cli/directories.h"
#include "plugin-api/cli/secrets.h"

namespace aclk::cli {
namespace {

using claim::ExitCode;

constexpr const char *kFooter = R"(
Where a setting is not given here, it is taken from the environment (NETDATA_CLAIM_TOKEN, or
NETDATA_CLAIM_TOKEN_FILE with the path of a file, NETDATA_CLAIM_ROOMS, NETDATA_CLAIM_URL, NETDATA_CLAIM_PROXY), then
from section [cloud] of netdata.conf, then from cloud.conf.

Any user of this machine may see a command line: --token-file or NETDATA_CLAIM_TOKEN are better than --token, which is
overwritten when the command begins, and can be seen until then.

Exit status:
   0  claimed; or claimed before, and nothing was changed
   1  the command line or a setting is wrong       12  token expired, not found or invalid (403)
   2  directory, keys or state files               13  the cloud says: already claimed (409)
   3  switched off: 'enabled = no' in cloud.conf   14  the cloud says: in progress (102)
   4  no answer: name, network, proxy, TLS, time   15  internal server error (500)
   6  neither root nor the agent's user            16  gateway timeout (504)
   7  another HTTP status                          17  cloud unavailable (503)
   8  node id invalid (422)                        18  no machine guid: the agent has never run
   9  node name invalid (422)                      19  refused for another reason (422)
  10  a room id is invalid (422)                   20  answer larger than 10 MiB
  11  public key invalid (422)                     21  another claim is running

Examples:
  netdata-aclk claim --token-file /root/token --rooms 3f7c0a8e-4d5b-4a61-9c1e-2b9f8d1c5e70
  NETDATA_CLAIM_TOKEN=... netdata-aclk claim --url https://cloud.example.org
  netdata-aclk claim --token-file /root/token --proxy http://proxy.example.org:3128)";

struct ClaimArguments {
  std::string token;
  std::string token_file;
  std::string rooms;
  std::string url;
  std::string proxy;
  std::string cloud_dir;
  bool insecure = false;
  bool reclaim = false;
};

std::optional<std::string> given(const CLI::App &command, const char *option, const std::string &value) {
  if (command.count(option) == 0) return std::nullopt;
  return value;
}

int run(const CLI::App &command, const ClaimArguments &a) {
  const auto d = directories(a.cloud_dir);
  claim::ClaimOptions o;
  o.cloud_dir = d.cloud;
  o.lib_dir = d.lib;
  o.netdata_conf = d.config / "netdata.conf";
  o.token = given(command, "--token", a.token);
  o.rooms = given(command, "--rooms", a.rooms);
  o.url = given(command, "--url", a.url);
  o.proxy = given(command, "--proxy", a.proxy);
  o.insecure = a.insecure;
  o.reclaim = a.reclaim;
  std::optional<std::filesystem::path> file;
  if (!a.token_file.empty()) file = a.token_file;
  if (!o.token && !file) {
    auto named = token_file_named_by_environment();
    if (!named) return finish(ExitCode::usage, named.error().what);
    file = std::move(*named);
  }
  auto token = become_agent_user_with_token(
      places_of(d), file, a.token_file.empty() ? TokenFileNamedBy::environment : TokenFileNamedBy::option);
  if (!token) return finish(token.error().exit, token.error().message);
  if (*token) o.token = std::move(**token);
  std::signal(SIGPIPE, SIG_IGN);
  const auto disk = claim::real_disk();
  const auto environment = claim::real_environment(
      *disk, net::put_claim, [](std::string_view line) { fmt::print(stderr, "{}\n", terminal_text(line)); });
  const auto report = claim::claim_node(o, environment);
  return finish(report.exit, report.message);
}

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

Command add_claim_command(CLI::App &app) {
  const auto arguments = std::make_shared<ClaimArguments>();
  auto &a = *arguments;
  auto *const c = app.add_subcommand("claim", "Connect this node to a Space in the cloud");
  c->description(
      "Connects this node to a Space in the cloud: makes a key pair, asks the cloud, and writes who this node is to\n"
      "the agent's cloud directory. A node that is claimed already is left as it is.");
  auto *const token = c->add_option("--token", a.token, "The claiming token of your Space")->type_name("TOKEN");
  c->add_option("--token-file", a.token_file, "Read the claiming token from a file")
      ->type_name("FILE")
      ->excludes(token);
  c->add_option("--rooms", a.rooms, "Room ids to put the node in, separated by commas")->type_name("ID,...");
  c->add_option("--url", a.url, "The cloud (default: as cloud.conf says, else https://app.netdata.cloud)")
      ->type_name("URL");
  c->add_option("--proxy", a.proxy,
                "none, env (http_proxy, then https_proxy), "
                "or\n(http|https|socks5|socks5h)://[user:password@]host[:port]; kept in "
                "cloud.conf")
      ->type_name("PROXY");
  c->add_flag("--insecure", a.insecure, "Do not verify the cloud's certificate: for tests only; kept in cloud.conf");
  add_cloud_dir_option(*c, a.cloud_dir);
  c->add_flag("--reclaim", a.reclaim, "Replace an existing claim by a new one, with a new key and claim id");
  c->footer(kFooter);
  return {c, [c, arguments] { return run(*c, *arguments); }};
}

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
