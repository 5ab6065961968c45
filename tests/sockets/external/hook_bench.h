// SPDX-License-Identifier: GPL-3.0-or-later
//
// The hooks' table over a canned agent.
#pragma once

#include <string>
#include <vector>

#include "plugin-api/external/hooks/external_host.h"
#include "plugin-api/external/json/values.h"
#include "tests/sockets/external/fake_agent.h"
#include "tests/sockets/external/suites.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {

inline std::string str(naclk_str s) { return std::string(text(s)); }

struct Bench {
  // cache: where netdata-meta.db is.
  explicit Bench(FakeAgent::Handler handler, const std::string &cache = "/nonexistent")
      : fake(std::move(handler)),
        agent(kLocal, {2, 2},
              [this]() -> Result<std::vector<Candidate>> {
                return std::vector<Candidate>{{fake.endpoint(), "test"}};
              }),
        conf("/nonexistent/netdata.conf"),
        log({LogStyle::classic, {}, false, -1}),
        host(facts(cache), conf, agent, log),
        table(host.table()) {}

  static HostFacts facts(const std::string &cache) {
    HostFacts f;
    f.env.version = "v1.37.1";
    f.env.machine_guid = kLocal;
    f.env.hostname = "node1";
    f.env.user_config = "/etc/netdata";
    f.env.cache = cache;
    f.env.lib = "/var/lib/netdata";
    f.env.log = "/var/log/netdata";
    f.capabilities = {{view("json"), 2, 0}, {view("proto"), 1, 1}};
    f.query_threads = 3;
    f.proxy_label = "none";
    return f;
  }

  FakeAgent fake;
  AgentClient agent;
  NetdataConfFile conf;
  AgentLog log;
  ExternalHost host;
  naclk_host table;
};

using Lines = std::vector<std::string>;

// As "name local live replicating health ml HOPS CAPABILITIES".
inline int take_node(void *ctx, const naclk_node *n) {
  static_cast<Lines *>(ctx)->push_back(str(n->hostname) + (n->local != 0 ? " local" : "") +
                                       (n->live != 0 ? " live" : "") + (n->replicating != 0 ? " replicating" : "") +
                                       (n->health_enabled != 0 ? " health" : "") + (n->ml_enabled != 0 ? " ml" : "") +
                                       " " + std::to_string(n->hops) + " " + std::to_string(n->capability_count));
  return 0;
}

}  // namespace aclk::external::test
