// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/find_agent.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <utility>

#include "plugin-api/external/agent/cli_socket.h"
#include "plugin-api/external/config/netdata_conf.h"

namespace aclk::external {

Result<std::vector<Candidate>> find_candidates(const Settings &settings, const ReadConfig &ask_agent) {
  std::vector<Candidate> out;
  if (!settings.agent_url.empty()) {
    auto e = parse_agent_url(settings.agent_url);
    if (!e) return fail(Errc::invalid_argument, fmt::format("[plugin:aclk] agent url: {}", e.error().what));
    out.push_back({std::move(*e), "[plugin:aclk] agent url"});
    return out;
  }
  if (settings.web_disabled) return fail(Errc::unsupported, std::string(kNoWebServer));
  const auto add = [&](std::string_view list, std::uint16_t port, const char *source, bool guess) {
    for (auto &e : parse_bind_list(list, port)) {
      const auto same = [&](const Candidate &c) { return c.endpoint == e; };
      const auto known = std::find_if(out.begin(), out.end(), same);
      if (known == out.end())
        out.push_back({std::move(e), source, guess, settings.allow_connections, settings.allow_dashboard});
      else
        known->guess = known->guess && guess;
    }
  };
  // On 1.x what the socket says may be another agent's.
  const bool written = !settings.bind_to.empty();
  if (const auto told = ask_agent("web", "bind to")) {
    const auto port = ask_agent("web", "default port");
    add(*told, port ? port_of(*port).value_or(settings.default_port) : settings.default_port,
        "the agent's command socket", false);
  }
  add(written ? settings.bind_to : "127.0.0.1", settings.default_port, written ? "netdata.conf" : "the default", false);
  if (written) add("127.0.0.1", kNetdataPort, "the default", true);
  return out;
}

ReadConfig ask_command_sockets(const Environment &env, const Getenv &getenv,
                               std::function<void(const std::string &)> complain) {
  const auto said = std::make_shared<std::set<std::filesystem::path>>();
  return [sockets = cli_sockets(env, getenv), complain = std::move(complain), said](
             std::string_view section, std::string_view key) -> Result<std::string> {
    Result<std::string> last = fail(Errc::not_found, "the agent has no command socket");
    for (const auto &s : sockets) {
      last = cli_read_config(s, section, key, std::chrono::seconds(1));
      if (last) break;
      if (last.error().code == Errc::denied && complain && said->insert(s).second) complain(last.error().what);
    }
    return last;
  };
}

}  // namespace aclk::external
