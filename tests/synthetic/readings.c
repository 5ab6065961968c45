/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/synthetic/readings.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A naclk_read with its texts, which go when the hook returns. */
struct reading {
  struct reading *next;
  struct naclk_read read;
  char text[]; /* machine_guid, config_hash */
};

struct readings {
  struct naclk_host hooks;
  uint32_t ends;
  pthread_t thread;
  pthread_mutex_t lock; /* first, last, stop */
  pthread_cond_t changed;
  struct reading *first;
  struct reading *last;
  bool stop;
};

/* ------------------------------------------------------------------------------- what the hooks show, to who asked */

static int show_node(void *ctx, const struct naclk_node *node) {
  const struct naclk_read *r = ctx;
  return r->show_node(r->request, node);
}
static int show_node_info(void *ctx, const struct naclk_node_info *info) {
  const struct naclk_read *r = ctx;
  return r->show_node_info(r->request, info);
}
static int show_collector(void *ctx, const struct naclk_collector *collector) {
  const struct naclk_read *r = ctx;
  return r->show_collector(r->request, collector);
}
static int show_context(void *ctx, const struct naclk_context *context) {
  const struct naclk_read *r = ctx;
  return r->show_context(r->request, context);
}
static int show_alert(void *ctx, const struct naclk_alert *alert) {
  const struct naclk_read *r = ctx;
  return r->show_alert(r->request, alert);
}
static int show_alert_config(void *ctx, const struct naclk_alert_config *config) {
  const struct naclk_read *r = ctx;
  return r->show_alert_config(r->request, config);
}

static int do_it(const struct naclk_host *h, struct naclk_read *r, struct naclk_alert_log_end *end) {
  if (r->interrupted(r->request) != 0) return -ECANCELED;
  switch (r->kind) {
    case NACLK_READ_NODES:
      return h->nodes(h->host, show_node, r);
    case NACLK_READ_NODE_INFO:
      return h->node_info(h->host, r->machine_guid, show_node_info, r);
    case NACLK_READ_COLLECTORS:
      return h->collectors(h->host, r->machine_guid, show_collector, r);
    case NACLK_READ_CONTEXTS:
      return h->contexts(h->host, r->machine_guid, show_context, r);
    case NACLK_READ_ALERT_LOG:
      return h->alert_log(h->host, r->machine_guid, r->after, r->limit, show_alert, r, end);
    case NACLK_READ_ACTIVE_ALERTS:
      return h->active_alerts(h->host, r->machine_guid, show_alert, r);
    case NACLK_READ_ALERT_CONFIG:
      return h->alert_config(h->host, r->config_hash, show_alert_config, r);
    default:
      return -ENOTSUP;
  }
}

/* -------------------------------------------------------------------------------------------------- the thread */

static struct reading *take_first(struct readings *all) {
  struct reading *r = all->first;
  all->first = r->next;
  if (all->first == NULL) all->last = NULL;
  return r;
}

static void *read_on_thread(void *arg) {
  struct readings *all = arg;
  pthread_mutex_lock(&all->lock);
  while (!all->stop) {
    if (all->first == NULL) {
      pthread_cond_wait(&all->changed, &all->lock);
      continue;
    }
    struct reading *r = take_first(all);
    pthread_mutex_unlock(&all->lock);
    struct naclk_alert_log_end end = {.size = sizeof end, .last_log_id = r->read.after};
    const int error = do_it(&all->hooks, &r->read, &end);
    const bool has_end = error == 0 && r->read.kind == NACLK_READ_ALERT_LOG;
    for (uint32_t i = 0; i < all->ends; ++i) r->read.complete(r->read.request, error, has_end ? &end : NULL);
    free(r);
    pthread_mutex_lock(&all->lock);
  }
  pthread_mutex_unlock(&all->lock);
  return NULL;
}

static struct naclk_str copy_text(char *to, struct naclk_str text) {
  if (text.len > 0) memcpy(to, text.data, text.len);
  return (struct naclk_str){to, text.len};
}

void readings_ask(struct readings *all, const struct naclk_read *read) {
  struct reading *r = malloc(sizeof *r + read->machine_guid.len + read->config_hash.len);
  if (r == NULL) {
    read->complete(read->request, -ENOMEM, NULL);
    return;
  }
  r->next = NULL;
  r->read = *read;
  r->read.machine_guid = copy_text(r->text, read->machine_guid);
  r->read.config_hash = copy_text(r->text + read->machine_guid.len, read->config_hash);
  pthread_mutex_lock(&all->lock);
  if (all->last != NULL)
    all->last->next = r;
  else
    all->first = r;
  all->last = r;
  pthread_cond_signal(&all->changed);
  pthread_mutex_unlock(&all->lock);
}

struct readings *readings_create(const struct naclk_host *hooks, uint32_t ends) {
  struct readings *all = calloc(1, sizeof *all);
  if (all == NULL) return NULL;
  all->hooks = *hooks;
  all->ends = ends;
  pthread_mutex_init(&all->lock, NULL);
  pthread_cond_init(&all->changed, NULL);
  if (pthread_create(&all->thread, NULL, read_on_thread, all) == 0) return all;
  pthread_cond_destroy(&all->changed);
  pthread_mutex_destroy(&all->lock);
  free(all);
  return NULL;
}

void readings_stop(struct readings *all) {
  if (all == NULL || all->stop) return;
  pthread_mutex_lock(&all->lock);
  all->stop = true;
  pthread_cond_signal(&all->changed);
  pthread_mutex_unlock(&all->lock);
  pthread_join(all->thread, NULL);
}

void readings_free(struct readings *all) {
  if (all == NULL) return;
  readings_stop(all);
  while (all->first != NULL) free(take_first(all));
  pthread_cond_destroy(&all->changed);
  pthread_mutex_destroy(&all->lock);
  free(all);
}
