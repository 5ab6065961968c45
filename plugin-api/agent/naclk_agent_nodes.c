/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nodes of the agent's host index, their state, and the node ids that the cloud gives them. */
#include <aclk/aclk_capas.h>
#include <database/rrdhost-status.h>
#include <errno.h>

#include "naclk_agent.h"

RRDHOST_ACQUIRED *naclk_agent_find(struct naclk_str machine_guid) {
  if (machine_guid.len != GUID_LEN) return NULL;
  char guid[GUID_LEN + 1];
  memcpy(guid, machine_guid.data, GUID_LEN);
  guid[GUID_LEN] = '\0';
  return rrdhost_find_and_acquire(guid);
}

static struct naclk_capability *as_abi(const struct capability *agents, size_t *count) {
  size_t n = 0;
  while (agents[n].name != NULL) n++;
  struct naclk_capability *out = callocz(n + 1, sizeof *out);
  for (size_t i = 0; i < n; i++) {
    out[i].name = naclk_text(agents[i].name); /* a literal */
    out[i].version = agents[i].version;
    out[i].enabled = agents[i].enabled ? 1 : 0;
  }
  *count = n;
  return out;
}

struct naclk_capability *naclk_agent_own_capabilities(size_t *count) {
  return as_abi(aclk_get_agent_capas(), count);
}

struct naclk_capability *naclk_agent_node_capabilities(RRDHOST *node, size_t *count) {
  struct capability *agents = aclk_get_node_instance_capas(node);
  struct naclk_capability *out = as_abi(agents, count);
  freez(agents);
  return out;
}

static int show_node(RRDHOST *node, naclk_node_fn visit, void *ctx) {
  size_t count;
  struct naclk_capability *capabilities = naclk_agent_node_capabilities(node, &count);
  RRDHOST_IDENTITY names = rrdhost_identity_acquire(node);
  const bool local = node == localhost;
  const struct naclk_node shown = {
      .size = sizeof shown,
      .machine_guid = naclk_text(node->machine_guid),
      .hostname = naclk_string(names.hostname),
      .hops = local                      ? 0
              : rrdhost_is_virtual(node) ? 1
                                         : rrdhost_ingestion_hops(node),
      .local = local ? 1 : 0,
      .live = rrdhost_is_online(node) ? 1 : 0,
      .replicating = !local && rrdhost_ingestion_status(node) == RRDHOST_INGEST_STATUS_REPLICATING ? 1 : 0,
      .health_enabled = node->health.enabled ? 1 : 0,
      .ml_capable = ml_capable() ? 1 : 0,
      .ml_enabled = ml_enabled(node) ? 1 : 0,
      .capabilities = capabilities,
      .capability_count = count,
  };
  const int enough = visit(ctx, &shown);
  rrdhost_identity_release(&names);
  freez(capabilities);
  return enough;
}

int naclk_agent_nodes(void *host, naclk_node_fn visit, void *ctx) {
  (void)host;
  if (show_node(localhost, visit, ctx) != 0) return 0;
  RRDHOST *node;
  dfe_start_reentrant(rrdhost_root_index, node) {
    if (node != localhost && show_node(node, visit, ctx) != 0) break;
  }
  dfe_done(node);
  return 0;
}

/* The agent tells it to the node, if that is a child, and shows it in its own API. */
int naclk_agent_store_node_id(void *host, struct naclk_str machine_guid, struct naclk_str claim_id,
                              struct naclk_str node_id) {
  (void)host;
  (void)claim_id; /* the agent keeps it beside its own, which is the module's (naclk_agent_state.c) */
  char *text = naclk_strdupz(node_id);
  nd_uuid_t id;
  const bool understood = uuid_parse(text, id) == 0;
  freez(text);
  if (!understood) return -EINVAL;
  RRDHOST_ACQUIRED *acquired = naclk_agent_find(machine_guid);
  if (acquired == NULL) return -ENOENT;
  RRDHOST *node = rrdhost_acquired_to_rrdhost(acquired);
  if (!uuid_eq(node->node_id.uuid, id)) sql_update_node_id(&node->host_id.uuid, &id);
  rrdhost_acquired_release(acquired);
  return 0;
}
