/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A made-up monitoring database: N nodes with M contexts and K alerts each. The same options give the same database,
 * byte for byte, on every machine; what time it is, is an argument. Nothing here knows threads, clocks or the module;
 * callers see to it that nobody reads alerts while synthetic_db_transition() runs.
 *
 * Functions that list take the visitors of <netdata-aclk/plugin.h> and keep its rules: what is shown lives during the
 * call, a visitor that returns other than 0 ends the listing. `node` is an index below synthetic_db_nodes(). */
#ifndef SYNTHETIC_DB_H
#define SYNTHETIC_DB_H

#include <netdata-aclk/plugin.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version that the agent says it is; capabilities are the ones of that version. */
#define SYNTHETIC_AGENT_VERSION "v2.10.4"

struct synthetic_options {
  uint64_t seed;
  uint32_t nodes;        /* 1 to 100000; node 0 is the local one */
  uint32_t contexts;     /* of each node, 0 to 100000 */
  uint32_t alerts;       /* of each node, 0 to 100000; every node uses the same definitions */
  uint64_t start_s;      /* when the database began: every alert got its first status then */
  uint32_t log_capacity; /* transitions remembered for each node; 0 = 10000. Older ones are gone: a gap */
};

struct synthetic_db;

/* NULL: options out of range or out of memory. */
struct synthetic_db *synthetic_db_create(const struct synthetic_options *options);
void synthetic_db_free(struct synthetic_db *db); /* NULL is allowed */

uint32_t synthetic_db_nodes(const struct synthetic_db *db);
uint64_t synthetic_db_seed(const struct synthetic_db *db);

/* 36 characters and a NUL. */
const char *synthetic_db_guid(const struct synthetic_db *db, uint32_t node);
/* -1 = no such node. An empty guid is the local node, as in a query. */
int64_t synthetic_db_find(const struct synthetic_db *db, struct naclk_str machine_guid);

/* `directories` excluded, these are the hooks of the same names for one node. */
int synthetic_db_identity(const struct synthetic_db *db, naclk_identity_fn show, void *ctx);
int synthetic_db_list_nodes(const struct synthetic_db *db, naclk_node_fn visit, void *ctx);
int synthetic_db_node_info(const struct synthetic_db *db, uint32_t node, naclk_node_info_fn show, void *ctx);
int synthetic_db_collectors(const struct synthetic_db *db, uint32_t node, naclk_collector_fn visit, void *ctx);
int synthetic_db_contexts(const struct synthetic_db *db, uint32_t node, naclk_context_fn visit, void *ctx);

/* The alert log: ids 1, 2, 3 ... per node. Shown are those after `after` (it excluded), oldest first, at most `limit`
 * (0 = all). end->gap: entries right after `after` are not remembered any more, or `after` was never given out (a
 * database that began anew: nothing is shown then and end->last_log_id is the newest id). Reading from 0 has no gap. */
int synthetic_db_alert_log(const struct synthetic_db *db, uint32_t node, uint64_t after, uint32_t limit,
                           naclk_alert_fn visit, void *ctx, struct naclk_alert_log_end *end);
/* Every alert of the node as its last transition, in the order of the definitions. */
int synthetic_db_active_alerts(const struct synthetic_db *db, uint32_t node, naclk_alert_fn visit, void *ctx);
/* -ENOENT: no definition has this hash. */
int synthetic_db_alert_config(const struct synthetic_db *db, struct naclk_str config_hash, naclk_alert_config_fn show,
                              void *ctx);

/* The next transition: some alert of some node goes from clear, warning or critical to another of the three. The
 * sequence follows from the seed. Returns the node; -ENOENT when the database has no alerts. */
int64_t synthetic_db_transition(struct synthetic_db *db, uint64_t now_s);

#ifdef __cplusplus
}
#endif

#endif
