/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The made-up database as a host of the module: every hook of struct naclk_host, and the thread that makes alerts. */
#ifndef SYNTHETIC_HOOKS_H
#define SYNTHETIC_HOOKS_H

#include "tests/synthetic/synthetic_db.h"

struct hooks_options {
  struct synthetic_options db;
  const char *lib_dir;  /* cloud.d lives in it; outlives the host */
  double alert_rate;    /* transitions per second over all nodes; 0 = none and no thread */
  uint64_t alert_total; /* transitions after which no more happen; 0 = no end */
  uint64_t query_bytes;
  uint32_t query_delay_ms;
  int answer_later;              /* queries are answered by a thread of the host (NACLK_OPTION_QUERY_NEVER_BLOCKS) */
  int read_later;                /* readings are done by a thread of the host (the hook read) */
  uint32_t reading_ends;         /* how often it ends each of them; 1 is right */
  int claims;                    /* the module makes the claims that are written down (NACLK_OPTION_CLAIM) */
  const char *cloud_options[16]; /* "key=value" of netdata.conf [cloud], NULL after the last; outlive the host */
};

struct synthetic_host;

/* NULL: out of memory or options out of range. Free it after the module is destroyed. */
struct synthetic_host *synthetic_host_create(const struct hooks_options *options);
void synthetic_host_free(struct synthetic_host *host);

/* The table for netdata_aclk_create(). */
struct naclk_host synthetic_host_table(struct synthetic_host *host);
const struct synthetic_db *synthetic_host_db(const struct synthetic_host *host);

/* Begins and ends the transitions; each tells the module with NACLK_EVENT_ALERTS. Stop before the module is destroyed.
 * Start returns 0 or an errno; at rate 0 both do nothing. One thread calls them. */
int synthetic_host_start_alerts(struct synthetic_host *host, struct naclk_module *module);
/* Every other call lets them go on; what was due in between never happens. */
void synthetic_host_pause_alerts(struct synthetic_host *host);
void synthetic_host_stop_alerts(struct synthetic_host *host);
/* Ends the threads that answer and read later: after the module is stopped, before it is destroyed. */
void synthetic_host_stop_answers(struct synthetic_host *host);

#endif
