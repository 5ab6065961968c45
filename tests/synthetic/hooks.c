/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/synthetic/hooks.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/synthetic/questions.h"
#include "tests/synthetic/readings.h"

struct ids {
  char claim_id[64], node_id[64];
};

struct synthetic_host {
  struct hooks_options options;
  struct synthetic_db *db;
  struct ids *ids; /* of each node */
  struct questions *questions;
  struct readings *readings; /* NULL: the module reads by its workers */
  struct naclk_module *module;
  pthread_t alerts;
  bool alerts_run;
  pthread_mutex_t lock; /* alerts of db, ids, stop */
  pthread_cond_t stopping;
  bool stop;
  bool paused;
};

static uint64_t now_ms(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static struct naclk_str str(const char *s) { return (struct naclk_str){s, strlen(s)}; }

/* ------------------------------------------------------------------------------------------------ about the host */

static void log_line(void *host, enum naclk_log_source source, enum naclk_log_level level, struct naclk_str line) {
  static const char *const sources[] = {"daemon", "access", "trace"};
  static const char *const levels[] = {"debug", "info", "notice", "warning", "error"};
  (void)host;
  const uint64_t now = now_ms(CLOCK_REALTIME);
  fprintf(stderr, "%llu.%03u %s %s %.*s\n", (unsigned long long)(now / 1000), (unsigned)(now % 1000),
          (unsigned)source < 3 ? sources[source] : "?", (unsigned)level < 5 ? levels[level] : "?", (int)line.len,
          line.data);
}

static int config(void *host, struct naclk_str section, struct naclk_str key, naclk_text_fn show, void *ctx) {
  const struct synthetic_host *h = host;
  if (section.len != 5 || memcmp(section.data, "cloud", 5) != 0) return -ENOENT; /* everything at its default */
  for (const char *const *o = h->options.cloud_options; *o != NULL; ++o) {
    if (strncmp(*o, key.data, key.len) != 0 || (*o)[key.len] != '=') continue;
    show(ctx, str(*o + key.len + 1));
    return 0;
  }
  return -ENOENT;
}

static void interest(void *host, uint32_t kinds) {
  char text[64];
  const int n =
      snprintf(text, sizeof text, "the cloud listens to:%s%s%s", kinds & NACLK_INTEREST_NODES ? " nodes" : "",
               kinds & NACLK_INTEREST_CONTEXTS ? " contexts" : "", kinds & NACLK_INTEREST_ALERTS ? " alerts" : "");
  log_line(host, NACLK_LOG_TRACE, NACLK_LOG_DEBUG, (struct naclk_str){text, (size_t)n});
}

static int identity(void *host, naclk_identity_fn show, void *ctx) {
  return synthetic_db_identity(((struct synthetic_host *)host)->db, show, ctx);
}

static int directories(void *host, naclk_directories_fn show, void *ctx) {
  const struct naclk_str lib = str(((struct synthetic_host *)host)->options.lib_dir);
  const struct naclk_directories d = {.size = sizeof d, .user_config = lib, .lib = lib, .log = lib};
  show(ctx, &d);
  return 0;
}

/* ------------------------------------------------------------------------------------------------- about nodes */

static int nodes(void *host, naclk_node_fn visit, void *ctx) {
  return synthetic_db_list_nodes(((struct synthetic_host *)host)->db, visit, ctx);
}

static int node_info(void *host, struct naclk_str machine_guid, naclk_node_info_fn show, void *ctx) {
  const struct synthetic_host *h = host;
  const int64_t node = synthetic_db_find(h->db, machine_guid);
  return node < 0 ? -ENOENT : synthetic_db_node_info(h->db, (uint32_t)node, show, ctx);
}

static int collectors(void *host, struct naclk_str machine_guid, naclk_collector_fn visit, void *ctx) {
  const struct synthetic_host *h = host;
  const int64_t node = synthetic_db_find(h->db, machine_guid);
  return node < 0 ? -ENOENT : synthetic_db_collectors(h->db, (uint32_t)node, visit, ctx);
}

static int contexts(void *host, struct naclk_str machine_guid, naclk_context_fn visit, void *ctx) {
  const struct synthetic_host *h = host;
  const int64_t node = synthetic_db_find(h->db, machine_guid);
  return node < 0 ? -ENOENT : synthetic_db_contexts(h->db, (uint32_t)node, visit, ctx);
}

static int alert_log(void *host, struct naclk_str machine_guid, uint64_t after, uint32_t limit, naclk_alert_fn visit,
                     void *ctx, struct naclk_alert_log_end *end) {
  struct synthetic_host *h = host;
  const int64_t node = synthetic_db_find(h->db, machine_guid);
  if (node < 0) return -ENOENT;
  pthread_mutex_lock(&h->lock);
  const int r = synthetic_db_alert_log(h->db, (uint32_t)node, after, limit, visit, ctx, end);
  pthread_mutex_unlock(&h->lock);
  return r;
}

static int active_alerts(void *host, struct naclk_str machine_guid, naclk_alert_fn visit, void *ctx) {
  struct synthetic_host *h = host;
  const int64_t node = synthetic_db_find(h->db, machine_guid);
  if (node < 0) return -ENOENT;
  pthread_mutex_lock(&h->lock);
  const int r = synthetic_db_active_alerts(h->db, (uint32_t)node, visit, ctx);
  pthread_mutex_unlock(&h->lock);
  return r;
}

static int alert_config(void *host, struct naclk_str config_hash, naclk_alert_config_fn show, void *ctx) {
  return synthetic_db_alert_config(((struct synthetic_host *)host)->db, config_hash, show, ctx);
}

static int store_node_id(void *host, struct naclk_str machine_guid, struct naclk_str claim_id,
                         struct naclk_str node_id) {
  struct synthetic_host *h = host;
  const int64_t node = synthetic_db_find(h->db, machine_guid);
  if (node < 0) return -ENOENT;
  struct ids *ids = &h->ids[node];
  if (claim_id.len >= sizeof ids->claim_id || node_id.len >= sizeof ids->node_id) return -EINVAL;
  pthread_mutex_lock(&h->lock);
  snprintf(ids->claim_id, sizeof ids->claim_id, "%.*s", (int)claim_id.len, claim_id.data);
  snprintf(ids->node_id, sizeof ids->node_id, "%.*s", (int)node_id.len, node_id.data);
  pthread_mutex_unlock(&h->lock);
  return 0;
}

/* ----------------------------------------------------------------------------------------------------- queries */

static void query(void *host, const struct naclk_query *q) {
  questions_ask(((struct synthetic_host *)host)->questions, q);
}

static void query_cancelled(void *host, struct naclk_request request) {
  (void)request;
  questions_cancelled(((struct synthetic_host *)host)->questions);
}

static void read_later(void *host, const struct naclk_read *read) {
  readings_ask(((struct synthetic_host *)host)->readings, read);
}

/* ------------------------------------------------------------------------------------------------- transitions */

/* Wakes when the next transition is due, but at most a hundred times a second: what is due by then happens at once. */
static void *alerts_main(void *arg) {
  struct synthetic_host *h = arg;
  const double every_ms = 1000.0 / h->options.alert_rate;
  const double wait_ms = every_ms < 10.0 ? 10.0 : every_ms;
  const uint64_t begin = now_ms(CLOCK_MONOTONIC);
  const uint64_t total = h->options.alert_total == 0 ? UINT64_MAX : h->options.alert_total;
  uint64_t done = 0;
  pthread_mutex_lock(&h->lock);
  while (!h->stop && done < total) {
    const double next = (double)begin + (double)done * every_ms + wait_ms;
    const struct timespec until = {(time_t)(next / 1000.0), ((long)next % 1000) * 1000000};
    if (pthread_cond_timedwait(&h->stopping, &h->lock, &until) != ETIMEDOUT) continue;
    const uint64_t due = (uint64_t)((double)(now_ms(CLOCK_MONOTONIC) - begin) / every_ms);
    if (h->paused) done = due;
    for (; done < due && done < total && !h->stop; ++done) {
      const int64_t node = synthetic_db_transition(h->db, now_ms(CLOCK_REALTIME) / 1000);
      if (node < 0) continue;
      const struct naclk_event event = {.size = sizeof event,
                                        .kind = NACLK_EVENT_ALERTS,
                                        .machine_guid = {synthetic_db_guid(h->db, (uint32_t)node), 36}};
      (void)netdata_aclk_notify(h->module, &event);
    }
  }
  pthread_mutex_unlock(&h->lock);
  return NULL;
}

int synthetic_host_start_alerts(struct synthetic_host *host, struct naclk_module *module) {
  if (host->options.alert_rate <= 0.0 || host->options.db.alerts == 0) return 0;
  host->module = module;
  const int r = pthread_create(&host->alerts, NULL, alerts_main, host);
  host->alerts_run = r == 0;
  return r;
}

void synthetic_host_pause_alerts(struct synthetic_host *host) {
  pthread_mutex_lock(&host->lock);
  host->paused = !host->paused;
  pthread_mutex_unlock(&host->lock);
}

void synthetic_host_stop_alerts(struct synthetic_host *host) {
  if (!host->alerts_run) return;
  pthread_mutex_lock(&host->lock);
  host->stop = true;
  pthread_cond_signal(&host->stopping);
  pthread_mutex_unlock(&host->lock);
  pthread_join(host->alerts, NULL);
  host->alerts_run = false;
}

void synthetic_host_stop_answers(struct synthetic_host *host) {
  readings_stop(host->readings);
  questions_stop(host->questions);
}

/* ----------------------------------------------------------------------------------------------------- the host */

/* The hooks that block; without those that the options leave out. */
static struct naclk_host hooks_of(struct synthetic_host *host) {
  const uint32_t claims = host->options.claims ? NACLK_OPTION_CLAIM : 0;
  const uint32_t later = host->options.answer_later ? NACLK_OPTION_QUERY_NEVER_BLOCKS : 0;
  return (struct naclk_host){
      .size = sizeof(struct naclk_host),
      .abi = NACLK_ABI,
      .host = host,
      .log = log_line,
      .config = config,
      .identity = identity,
      .directories = directories,
      .nodes = nodes,
      .node_info = node_info,
      .collectors = collectors,
      .contexts = contexts,
      .alert_log = alert_log,
      .active_alerts = active_alerts,
      .alert_config = alert_config,
      .query = query,
      .query_cancelled = query_cancelled,
      .interest = interest,
      .store_node_id = store_node_id,
      .options = claims | later,
  };
}

struct synthetic_host *synthetic_host_create(const struct hooks_options *options) {
  struct synthetic_host *h = calloc(1, sizeof *h);
  if (h == NULL) return NULL;
  h->options = *options;
  h->db = synthetic_db_create(&options->db);
  h->ids = calloc(options->db.nodes, sizeof *h->ids);
  if (h->db == NULL || h->ids == NULL) {
    synthetic_db_free(h->db);
    free(h->ids);
    free(h);
    return NULL;
  }
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&h->stopping, &clock);
  pthread_condattr_destroy(&clock);
  pthread_mutex_init(&h->lock, NULL);
  h->questions =
      questions_create(h->db, &h->lock, options->query_bytes, options->query_delay_ms, options->answer_later);
  if (options->read_later) {
    const struct naclk_host hooks = hooks_of(h);
    h->readings = readings_create(&hooks, options->reading_ends);
  }
  if (h->questions != NULL && (h->readings != NULL || !options->read_later)) return h;
  synthetic_host_free(h);
  return NULL;
}

void synthetic_host_free(struct synthetic_host *host) {
  if (host == NULL) return;
  readings_free(host->readings);
  questions_free(host->questions);
  pthread_cond_destroy(&host->stopping);
  pthread_mutex_destroy(&host->lock);
  synthetic_db_free(host->db);
  free(host->ids);
  free(host);
}

struct naclk_host synthetic_host_table(struct synthetic_host *host) {
  struct naclk_host table = hooks_of(host);
  if (host->readings == NULL) return table;
  table.nodes = NULL;
  table.node_info = NULL;
  table.collectors = NULL;
  table.contexts = NULL;
  table.alert_log = NULL;
  table.active_alerts = NULL;
  table.alert_config = NULL;
  table.read = read_later;
  return table;
}

const struct synthetic_db *synthetic_host_db(const struct synthetic_host *host) { return host->db; }
