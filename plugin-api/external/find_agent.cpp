// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/find_agent.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "plugin-api/external/cli_socket.h"
#include "plugin-api/external/plugin_start.h"

namespace aclk::external {

Result<std::vector<Candidate>> find_candidates(const Settings &settings, const ReadConfig &ask_agent) {
  std::vector<Candidate> out;
  if (!settings.agent_url.empty()) {
    auto e = parse_agent_url(settings.agent_url);
    if (!e) return fail(Errc::invalid_argument, fmt::format("[plugin:aclk] agent url: {}", e.error().what));
    out.push_back({std::move(*e), "[plugin:aclk] agent url"});
    return out;
  }
  if (settings.web_disabled)
    return fail(Errc::unsupported, std::string(kNoWebServer));
  const auto add = [&](std::string_view list, const char *source) {
    for (auto &e : parse_bind_list(list, settings.default_port)) {
      const auto same = [&](const Candidate &c) { return c.endpoint == e; };
      if (std::none_of(out.begin(), out.end(), same)) out.push_back({std::move(e), source});
    }
  };
  if (const auto told = ask_agent("web", "bind to")) add(*told, "the agent's command socket");
  add(settings.bind_to, "netdata.conf");
  add("127.0.0.1", "the default");
  return out;
}

ReadConfig ask_command_sockets(const Environment &env, const Getenv &getenv) {
  return [sockets = cli_sockets(env, getenv)](std::string_view section, std::string_view key) -> Result<std::string> {
    Result<std::string> last = fail(Errc::not_found, "the agent has no command socket");
    for (const auto &s : sockets) {
      last = cli_read_config(s, section, key, std::chrono::seconds(1));
      if (last) break;
    }
    return last;
  };
}

}  // namespace aclk::external
