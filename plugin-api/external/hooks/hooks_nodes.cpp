// SPDX-License-Identifier: GPL-3.0-or-later
//
// nodes: the local node and the children, from /api/v1/info; what each can do and how it is.
#include <set>
#include <string_view>

#include "plugin-api/external/hooks/hooks.h"
#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external::hooks {
namespace {

// The agent tells per node, at the top of its alarms, whether health runs for it (off while a child is away). The cloud
// asks for the alerts of a node once: only an answer may say that there are none. Without one, what was known counts; a
// live node of which nothing is known makes the listing fail, to be done again in seconds. A document that cannot be
// read may be so each time, and has alarms in it: health runs.
Result<void> add_health(ExternalHost &host, naclk_node &n, const Result<nlohmann::json> &alarms) {
  if (alarms) {
    n.health_enabled = bool_of(*alarms, "status") ? 1 : 0;
    return {};
  }
  const auto code = alarms.error().code;
  if (code == Errc::cancelled) return tl::unexpected<Error>(alarms.error());
  if (code == Errc::not_found || n.live == 0) return {};
  const auto known = host.known_health(text(n.machine_guid));
  const bool unreadable = code == Errc::parse || code == Errc::too_big;
  if (!known && !unreadable) return tl::unexpected<Error>(alarms.error());
  n.health_enabled = known.value_or(true) ? 1 : 0;
  return {};
}

Result<void> add_health(ExternalHost &host, std::vector<naclk_node> &nodes) {
  std::vector<AgentClient::Wanted> wanted;
  for (const auto &n : nodes) wanted.push_back({std::string(text(n.machine_guid)), "/api/v1/alarms?active"});
  Result<void> added;
  ACLK_CHECK(host.get_each(wanted, [&](std::size_t i, const Result<nlohmann::json> &alarms) {
    added = add_health(host, nodes[i], alarms);
    return added.has_value();
  }));
  return added;
}

// Children that were away when a 1.37 started are only in its database (plugin-api/external/API.md, "Children").
void add_stored_children(const std::vector<naclk_node> &stored, std::vector<naclk_node> &nodes) {
  std::set<std::string_view> listed;
  for (const auto &n : nodes) listed.insert(text(n.machine_guid));
  for (const auto &n : stored)
    if (listed.insert(text(n.machine_guid)).second) nodes.push_back(n);
}

}  // namespace

int nodes(void *host, naclk_node_fn visit, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto read = h.info(h.agent().machine_guid(), h.polled().nodes);
    if (!read) return negated_errno(read.error().code);
    const auto &info = **read;
    auto list = read_mirrored_hosts(info, h.agent().machine_guid());
    if (list.items.empty()) return -EAGAIN;  // an agent lists itself at least
    const auto facts = read_facts(info);
    if (const auto r = add_health(h, list.items); !r) return negated_errno(r.error().code);
    const auto stored = h.stored_children();
    add_stored_children(stored.items, list.items);
    h.saw_nodes(list.items);
    for (auto &n : list.items) {
      if (n.local != 0) {
        n.ml_capable = facts.ml_capable ? 1 : 0;
        n.ml_enabled = facts.ml_enabled ? 1 : 0;
      }
      const auto capabilities = node_capabilities(n);
      n.capabilities = capabilities.data();
      n.capability_count = capabilities.size();
      if (visit(ctx, &n) != 0) break;
    }
    return 0;
  });
}

}  // namespace aclk::external::hooks
