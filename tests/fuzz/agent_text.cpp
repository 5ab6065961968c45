// SPDX-License-Identifier: GPL-3.0-or-later
//
// Texts from the agent and its files that are no JSON (plugin-api/external): first byte = netdata.conf with its bind
// list, agent url, a health file, lines on stdin, a frequency.
#include "plugin-api/external/agent/endpoint.h"
#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/config/netdata_conf.h"
#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/process/plugins_d_input.h"
#include "tests/fuzz/fuzz.h"

namespace aclk::fuzz {
namespace {

void usable(const external::Endpoint &e) {
  require(!e.unix_path.empty() || (!e.host.empty() && e.port != 0), "an endpoint has an address");
  require(!e.base_url().empty() && !e.describe().empty(), "and a name");
}

}  // namespace

void fuzz(std::string_view bytes) {
  switch (choose(bytes, 6)) {
    case 0: {
      const auto conf = external::NetdataConf::parse(bytes);
      for (const auto &e : external::parse_bind_list(conf.get("web", "bind to").value_or("*"), 19999)) usable(e);
      return;
    }
    case 1:
      for (const auto &e : external::parse_bind_list(bytes, 19999)) usable(e);
      return;
    case 2:
      if (const auto e = external::parse_agent_url(bytes)) usable(*e);
      return;
    case 3:
      return (void)external::parse_health_block(bytes, 1);
    case 4: {
      external::PluginsdInput lines;
      const auto half = bytes.size() / 2;
      return (void)(lines.feed(bytes.substr(0, half)) || lines.feed(bytes.substr(half)));
    }
    default:
      for (const char c : external::integer_hz(std::string(bytes))) require(c >= '0' && c <= '9', "only digits");
  }
}

}  // namespace aclk::fuzz
