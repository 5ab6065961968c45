// SPDX-License-Identifier: GPL-3.0-or-later
//
// nodes: the local node and the children, from /api/v1/info; what each can do and how it is.
#include <set>
#include <string>

#include "plugin-api/external/hooks/hooks.h"
#include "plugin-api/external/hooks/read_nodes.h"
#include "plugin-api/external/json/json_fields.h"

namespace aclk::external::hooks {
namespace {

// The agent tells per node, at the top of its alarms, whether health runs for it (off while a child is away). The cloud
// asks for the alerts of a node once: only an answer may say that there are none. Without one, what was known counts; a
// live node of which nothing is known makes the listing fail, to be done again in seconds. A document that cannot be
// read may be so each time, and has alarms in it: health runs.
Result<void> add_health(ExternalHost &host, std::vector<Node> &nodes) {
  for (auto &n : nodes) {
    const auto alarms = host.get_json(n.machine_guid, "/api/v1/alarms?active");
    if (alarms) {
      n.health_enabled = bool_of(*alarms, "status");
      continue;
    }
    const auto code = alarms.error().code;
    if (code == Errc::cancelled) return tl::unexpected<Error>(alarms.error());
    if (code == Errc::not_found || !n.live) continue;
    const auto known = host.known_health(n.machine_guid);
    const bool unreadable = code == Errc::parse || code == Errc::too_big;
    if (!known && !unreadable) return tl::unexpected<Error>(alarms.error());
    n.health_enabled = known.value_or(true);
  }
  return {};
}

// Children that were away when a 1.37 started are only in its database (plugin-api/external/API.md, "Children").
void add_stored_children(ExternalHost &host, std::vector<Node> &nodes) {
  std::set<std::string> listed;
  for (const auto &n : nodes) listed.insert(n.machine_guid);
  for (auto &n : host.stored_children())
    if (listed.insert(n.machine_guid).second) nodes.push_back(std::move(n));
}

}  // namespace

int nodes(void *host, naclk_node_fn visit, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto read = h.info(h.agent().machine_guid(), h.polled().nodes);
    if (!read) return negated_errno(read.error().code);
    const auto &info = **read;
    auto list = read_mirrored_hosts(info, h.agent().machine_guid());
    if (list.empty()) return -EAGAIN;  // an agent lists itself at least
    const auto facts = read_facts(info);
    if (const auto r = add_health(h, list); !r) return negated_errno(r.error().code);
    add_stored_children(h, list);
    h.saw_nodes(list);
    for (auto &n : list) {
      if (n.local) {
        n.ml_capable = facts.ml_capable;
        n.ml_enabled = facts.ml_enabled;
      }
      n.capabilities = node_capabilities(n);
    }
    return show_all(list, visit, ctx);
  });
}

}  // namespace aclk::external::hooks
