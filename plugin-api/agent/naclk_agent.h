/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The hooks of netdata-aclk over the functions of a Netdata agent, v2.11.0, that is compiled with these files
 * (plugin-api/agent/README.md). Nothing else of this repository includes them, and its own build does not compile them:
 * they need the agent's internal headers.
 *
 * An agent has one link, and calls it by functions without an argument for it; so the module is kept in one place,
 * naclk_agent_thread.c, and everybody else asks for it. The `host` of the hooks is NULL for the same reason.
 *
 * Threads: hooks are called by threads of the module, which the agent did not make: whatever they prepare of SQLite
 * they finalize before they return, and nothing waits for the agent's exit. */
#ifndef NACLK_AGENT_H
#define NACLK_AGENT_H

#include <netdata-aclk/plugin.h>
#include <stdbool.h>
#include <stddef.h>

/* The agent's. */
#include <database/rrd.h>

/* ------------------------------------------------------------------------ functions in the place of the agent's own */

/* __wrap_X is linked where the agent calls X (NetdataAclkAgent.cmake). The linker knows no types: another agent, in
 * which X is declared differently, does not compile. */
#define NACLK_REPLACES(function)                                                                    \
  _Static_assert(__builtin_types_compatible_p(__typeof__(function), __typeof__(__wrap_##function)), \
                 #function " is another function in this agent")

/* ------------------------------------------------------------------------------------------------ text of the ABI */

static inline struct naclk_str naclk_text(const char *text) {
  return (struct naclk_str){text, text == NULL ? 0 : strlen(text)};
}

static inline struct naclk_str naclk_string(STRING *text) {
  return (struct naclk_str){string2str(text), string_strlen(text)};
}

/* A terminated copy, to be given back with freez. */
char *naclk_strdupz(struct naclk_str text);

/* ------------------------------------------------------------------------------ the module (naclk_agent_thread.c) */

/* The module for as long as it is held, or NULL: before the start of its thread, and from its end on. What is not NULL
 * is released by the same thread, soon: the end of the agent waits for it. */
struct naclk_module *naclk_agent_hold(void);
void naclk_agent_release(void);

/* Tells the module that something changed. guid NULL: everywhere. Any thread, any lock but that of netdata.conf. */
void naclk_agent_notify(enum naclk_event_kind kind, const char *machine_guid);

/* Something that what the agent shows of the link is made from may have changed: it is read again
 * (naclk_agent_state.c). */
void naclk_agent_look_again(void);

/* ------------------------------------------------------------------ what the agent says of it (naclk_agent_state.c) */

/* Hook interest: `kinds` has NACLK_INTEREST_NODES while the link is up. */
void naclk_agent_interest(void *host, uint32_t kinds);

/* Asks the module for its claim id. On the module's thread in the agent; not from a hook. */
void naclk_agent_read_state(struct naclk_module *module);

/* An order of netdatacli: false when there is no module, or it does not know the order; otherwise *answer is its word,
 * to be given back with freez. Waits up to 2 s. */
bool naclk_agent_command(const char *order, char **answer);

/* Adds the module's keys to the JSON object of `netdata -W buildinfojson` that is open in `wb`. */
void naclk_agent_buildinfo_to_json(BUFFER *wb);

/* ---------------------------------------------------------------------------------------- hooks, as in the ABI */

void naclk_agent_log(void *host, enum naclk_log_source source, enum naclk_log_level level, struct naclk_str line);
int naclk_agent_config(void *host, struct naclk_str section, struct naclk_str key, naclk_text_fn show, void *ctx);
int naclk_agent_identity(void *host, naclk_identity_fn show, void *ctx);
int naclk_agent_directories(void *host, naclk_directories_fn show, void *ctx);

int naclk_agent_nodes(void *host, naclk_node_fn visit, void *ctx);
int naclk_agent_store_node_id(void *host, struct naclk_str machine_guid, struct naclk_str claim_id,
                              struct naclk_str node_id);
int naclk_agent_node_info(void *host, struct naclk_str machine_guid, naclk_node_info_fn show, void *ctx);
int naclk_agent_collectors(void *host, struct naclk_str machine_guid, naclk_collector_fn visit, void *ctx);
int naclk_agent_contexts(void *host, struct naclk_str machine_guid, naclk_context_fn visit, void *ctx);

int naclk_agent_alert_log(void *host, struct naclk_str machine_guid, uint64_t after, uint32_t limit,
                          naclk_alert_fn visit, void *ctx, struct naclk_alert_log_end *end);
int naclk_agent_active_alerts(void *host, struct naclk_str machine_guid, naclk_alert_fn visit, void *ctx);
int naclk_agent_alert_config(void *host, struct naclk_str config_hash, naclk_alert_config_fn show, void *ctx);

void naclk_agent_query(void *host, const struct naclk_query *query);

/* ---------------------------------------------------------- what hooks have in common (naclk_agent_nodes.c) */

/* The node of this machine guid, held until rrdhost_acquired_release; NULL: none of this guid. */
RRDHOST_ACQUIRED *naclk_agent_find(struct naclk_str machine_guid);

/* What this agent can do, and what can be asked of a node here, in the agent's own words; freez gives each back.
 * *count: how many. */
struct naclk_capability *naclk_agent_own_capabilities(size_t *count);
struct naclk_capability *naclk_agent_node_capabilities(RRDHOST *node, size_t *count);

#endif /* NACLK_AGENT_H */
