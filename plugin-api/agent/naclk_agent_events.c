/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the agent tells its link that something changed, the module is told: so that nothing polls. Each of these is
 * linked in the place of the agent's function of the same name without __wrap_; __real_ is the agent's own. */
#include <daemon/common.h>
#include <database/contexts/rrdcontext-internal.h>
#include <health/health-alert-entry.h>

#include "naclk_agent.h"

/* Facts, labels or functions of a node. What collects may have come with it. */
void __wrap_aclk_queue_node_info(RRDHOST *host, bool immediate);
NACLK_REPLACES(aclk_queue_node_info);
void __wrap_aclk_queue_node_info(RRDHOST *host, bool immediate) {
  (void)immediate;
  naclk_agent_notify(NACLK_EVENT_NODES, host->machine_guid);
  naclk_agent_notify(NACLK_EVENT_NODE_INFO, host->machine_guid);
  naclk_agent_notify(NACLK_EVENT_COLLECTORS, host->machine_guid);
}

void __wrap_send_node_info_with_wait(RRDHOST *host);
NACLK_REPLACES(send_node_info_with_wait);
void __wrap_send_node_info_with_wait(RRDHOST *host) { naclk_agent_notify(NACLK_EVENT_NODE_INFO, host->machine_guid); }

/* A node came, went, or is about to: then the state is what counts, and the module asks for it. */
void __wrap_schedule_node_state_update(RRDHOST *host, uint64_t delay);
NACLK_REPLACES(schedule_node_state_update);
void __wrap_schedule_node_state_update(RRDHOST *host, uint64_t delay) {
  (void)delay;
  naclk_agent_notify(NACLK_EVENT_NODES, host->machine_guid);
}

void __wrap_send_node_update_with_wait(RRDHOST *host, int live, int queryable);
NACLK_REPLACES(send_node_update_with_wait);
void __wrap_send_node_update_with_wait(RRDHOST *host, int live, int queryable) {
  (void)live;
  (void)queryable;
  naclk_agent_notify(NACLK_EVENT_NODES, host->machine_guid);
}

/* A node is gone from the index for good. */
void __real_rrdhost_free___while_having_rrd_wrlock(RRDHOST *host);
void __wrap_rrdhost_free___while_having_rrd_wrlock(RRDHOST *host);
NACLK_REPLACES(rrdhost_free___while_having_rrd_wrlock);
void __wrap_rrdhost_free___while_having_rrd_wrlock(RRDHOST *host) {
  char guid[GUID_LEN + 1];
  strncpyz(guid, host->machine_guid, GUID_LEN);
  __real_rrdhost_free___while_having_rrd_wrlock(host);
  naclk_agent_notify(NACLK_EVENT_NODES, guid);
}

/* The agent's link would keep each context in a queue until it has sent it; the module reads the index. */
void __wrap_rrdcontext_add_to_hub_queue(RRDCONTEXT *rc);
NACLK_REPLACES(rrdcontext_add_to_hub_queue);
void __wrap_rrdcontext_add_to_hub_queue(RRDCONTEXT *rc) {
  if (rc != NULL && rc->rrdhost != NULL) naclk_agent_notify(NACLK_EVENT_CONTEXTS, rc->rrdhost->machine_guid);
}

/* A transition is stored: from here on the hook alert_log shows it. */
void __real_sql_health_alarm_log_save(RRDHOST *host, ALARM_ENTRY *ae);
void __wrap_sql_health_alarm_log_save(RRDHOST *host, ALARM_ENTRY *ae);
NACLK_REPLACES(sql_health_alarm_log_save);
void __wrap_sql_health_alarm_log_save(RRDHOST *host, ALARM_ENTRY *ae) {
  const bool is_new = !(ae->flags & HEALTH_ENTRY_FLAG_SAVED);
  __real_sql_health_alarm_log_save(host, ae);
  if (is_new) naclk_agent_notify(NACLK_EVENT_ALERTS, host->machine_guid);
}
