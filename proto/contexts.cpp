// SPDX-License-Identifier: GPL-3.0-or-later
#include "proto/contexts.h"

#include "proto/aclk_contexts.pb-c.h"
#include "proto/wire.h"

namespace aclk::proto {
namespace {

void fill(wire::Arena &a, const std::vector<ContextUpdated> &from, std::size_t &n, AclkWire__ContextUpdated **&to) {
  n = from.size();
  to = a.list(n, aclk_wire__context_updated__init);
  for (std::size_t i = 0; i < n; ++i) {
    const auto &c = from[i];
    auto &w = *to[i];
    w.id = a.text(c.id);
    w.version = c.version;
    w.first_entry = c.first_entry;
    w.last_entry = c.last_entry;
    w.deleted = c.deleted ? 1 : 0;
    w.title = a.text(c.title);
    w.priority = c.priority;
    w.chart_type = a.text(c.chart_type);
    w.units = a.text(c.units);
    w.family = a.text(c.family);
  }
}

}  // namespace

std::string encode(const ContextsSnapshot &m) {
  wire::Arena a;
  AclkWire__ContextsSnapshot w = ACLK_WIRE__CONTEXTS_SNAPSHOT__INIT;
  fill(a, m.contexts, w.n_contexts, w.contexts);
  w.claim_id = a.text(m.claim_id);
  w.node_id = a.text(m.node_id);
  w.version = m.version;
  return ACLK_PACK(contexts_snapshot, ContextsSnapshot)(w);
}

std::string encode(const ContextsUpdated &m) {
  wire::Arena a;
  AclkWire__ContextsUpdated w = ACLK_WIRE__CONTEXTS_UPDATED__INIT;
  fill(a, m.context_updates, w.n_contextupdates, w.contextupdates);
  w.claim_id = a.text(m.claim_id);
  w.node_id = a.text(m.node_id);
  w.version_hash = m.version_hash;
  w.created_at = m.created_at_us;
  return ACLK_PACK(contexts_updated, ContextsUpdated)(w);
}

}  // namespace aclk::proto
