/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/synthetic/db_internal.h"
#include "tests/synthetic/synthetic_db.h"

#define STR(literal) ((struct naclk_str){(literal), sizeof(literal) - 1})

/* Makes room for one more entry; the ring grows until it has its capacity. */
static struct entry *append(const struct synthetic_db *db, struct node *n) {
  const size_t capacity = db->options.log_capacity;
  if (n->log_end >= n->log_room && n->log_room < capacity) {
    size_t room = n->log_room == 0 ? 16 : n->log_room * 2;
    if (room > capacity) room = capacity;
    struct entry *log = realloc(n->log, room * sizeof *log);
    if (log == NULL) return NULL;
    n->log = log;
    n->log_room = room;
  }
  return &n->log[n->log_end++ % capacity];
}

static bool remember(const struct synthetic_db *db, struct node *n, struct entry e) {
  struct entry *place = append(db, n);
  if (place == NULL) return false;
  e.log_id = n->log_end;
  *place = e;
  n->last[e.alert] = e;
  return true;
}

bool alerts_begin(struct synthetic_db *db, uint32_t node) {
  struct node *n = &db->nodes[node];
  if (db->options.alerts == 0) return true;
  n->last = calloc(db->options.alerts, sizeof *n->last);
  if (n->last == NULL) return false;
  for (uint32_t k = 0; k < db->options.alerts; ++k) {
    const uint64_t r = random_of(db->options.seed, KIND_ALERT, node, k) % 32;
    const struct entry e = {
        .when_s = db->options.start_s,
        .alert = k,
        .event_id = 1,
        .status = r == 0  ? NACLK_ALERT_CRITICAL
                  : r < 4 ? NACLK_ALERT_WARNING
                          : NACLK_ALERT_CLEAR,
        .old_status = NACLK_ALERT_UNKNOWN,
    };
    if (!remember(db, n, e)) return false;
  }
  return true;
}

static uint8_t other_status(uint8_t status, bool first) {
  switch (status) {
    case NACLK_ALERT_CLEAR:
      return first ? NACLK_ALERT_WARNING : NACLK_ALERT_CRITICAL;
    case NACLK_ALERT_WARNING:
      return first ? NACLK_ALERT_CLEAR : NACLK_ALERT_CRITICAL;
    default:
      return first ? NACLK_ALERT_CLEAR : NACLK_ALERT_WARNING;
  }
}

int64_t synthetic_db_transition(struct synthetic_db *db, uint64_t now_s) {
  if (db->options.alerts == 0) return -ENOENT;
  const uint64_t r = random_next(&db->next);
  const uint32_t node = (uint32_t)((r & 0x7fffffff) % db->options.nodes);
  const uint32_t alert = (uint32_t)((r >> 31 & 0x7fffffff) % db->options.alerts);
  struct node *n = &db->nodes[node];
  const struct entry *old = &n->last[alert];
  const uint64_t spent = now_s > old->when_s ? now_s - old->when_s : 0;
  const struct entry e = {
      .when_s = old->when_s + spent, /* a clock that steps back does not turn the order round */
      .duration_s = spent,
      .raised_s = old->status == NACLK_ALERT_CLEAR ? 0 : old->raised_s + spent,
      .alert = alert,
      .event_id = old->event_id + 1,
      .status = other_status(old->status, r >> 63 != 0),
      .old_status = old->status,
  };
  return remember(db, n, e) ? (int64_t)node : -ENOMEM;
}

/* ----------------------------------------------------------------------------------------------------- showing */

/* In whole percents, so that text and number agree: below 80 clear, below 95 warning. */
static unsigned value_in(const struct synthetic_db *db, uint32_t node, uint32_t alert, uint32_t event, uint8_t status) {
  const uint64_t r = random_of(db->options.seed ^ KIND_TRANSITION, node, alert, event);
  if (status == NACLK_ALERT_CRITICAL) return 95 + (unsigned)(r % 6);
  if (status == NACLK_ALERT_WARNING) return 80 + (unsigned)(r % 15);
  return (unsigned)(r % 80);
}

static int show_entry(const struct synthetic_db *db, uint32_t node, const struct entry *e, naclk_alert_fn visit,
                      void *ctx) {
  const uint64_t seed = db->options.seed;
  const uint32_t k = e->alert;
  const bool known = e->old_status != NACLK_ALERT_UNKNOWN;
  const unsigned value = value_in(db, node, k, e->event_id, e->status);
  const unsigned old = known ? value_in(db, node, k, e->event_id - 1, e->old_status) : 0;
  struct text_block t = {.used = 0};
  const struct naclk_str chart = text_put(&t, "synthetic.chart_%u", k);
  const struct naclk_alert alert = {
      .size = sizeof alert,
      .log_id = e->log_id,
      .alert_id = text_put(&t, "synthetic.chart_%u.synthetic_usage_%u", k, k),
      .event_id = e->event_id,
      .transition_id = text_uuid(&t, seed, KIND_TRANSITION, (uint64_t)node << 32 | k, e->event_id),
      .config_hash = text_uuid(&t, seed, KIND_DEFINITION, k, 0),
      .name = text_put(&t, "synthetic_usage_%u", k),
      .chart = chart,
      .chart_name = chart,
      .context = text_put(&t, "synthetic.usage_%u", k),
      .summary = text_put(&t, "Usage of thing %u", k),
      .info = text_put(&t, "How much of thing %u is in use, averaged over the last minute", k),
      .units = STR("%"),
      .exec = STR("/usr/lib/netdata/plugins.d/alarm-notify.sh"),
      .conf_source = text_put(&t, "line=%u,file=/etc/netdata/health.d/synthetic.conf", 4 + 20 * k),
      .command = text_put(&t, "sudo /etc/netdata/edit-config health.d/synthetic.conf=%u=synthetic", 4 + 20 * k),
      .timezone = STR("UTC"),
      .when_s = e->when_s,
      .duration_s = (int64_t)e->duration_s,
      .non_clear_duration_s = (int64_t)e->raised_s,
      .status = e->status,
      .old_status = e->old_status,
      .delay_up_to_s = e->when_s,
      .superseded = e->event_id != db->nodes[node].last[k].event_id,
      .value = value,
      .old_value = known ? old : __builtin_nan(""),
      .value_string = text_put(&t, "%u%%", value),
      .old_value_string = known ? text_put(&t, "%u%%", old) : STR("-"),
  };
  return visit(ctx, &alert);
}

int synthetic_db_alert_log(const struct synthetic_db *db, uint32_t node, uint64_t after, uint32_t limit,
                           naclk_alert_fn visit, void *ctx, struct naclk_alert_log_end *end) {
  const struct node *n = &db->nodes[node];
  const uint64_t capacity = db->options.log_capacity;
  const uint64_t gone = n->log_end > capacity ? n->log_end - capacity : 0; /* the newest id that is lost */
  const bool anew = after > n->log_end;
  uint64_t last = anew ? n->log_end : after;
  uint64_t from = after < gone ? gone : after;
  for (uint32_t shown = 0; from < n->log_end && (limit == 0 || shown < limit); ++shown) {
    const struct entry *e = &n->log[from++ % capacity];
    last = e->log_id;
    if (show_entry(db, node, e, visit, ctx) != 0) break;
  }
  if (end != NULL) {
    end->last_log_id = last;
    end->gap = anew || (after != 0 && after < gone);
  }
  return 0;
}

int synthetic_db_active_alerts(const struct synthetic_db *db, uint32_t node, naclk_alert_fn visit, void *ctx) {
  for (uint32_t k = 0; k < db->options.alerts; ++k)
    if (show_entry(db, node, &db->nodes[node].last[k], visit, ctx) != 0) break;
  return 0;
}

int synthetic_db_alert_config(const struct synthetic_db *db, struct naclk_str config_hash, naclk_alert_config_fn show,
                              void *ctx) {
  for (uint32_t k = 0; k < db->options.alerts; ++k) {
    struct text_block t = {.used = 0};
    const struct naclk_str hash = text_uuid(&t, db->options.seed, KIND_DEFINITION, k, 0);
    if (hash.len != config_hash.len || memcmp(hash.data, config_hash.data, hash.len) != 0) continue;
    const struct naclk_alert_config config = {
        .size = sizeof config,
        .config_hash = hash,
        .alarm = text_put(&t, "synthetic_usage_%u", k),
        .on_chart = text_put(&t, "synthetic.chart_%u", k),
        .classification = STR("Utilization"),
        .type = STR("System"),
        .component = STR("Synthetic"),
        .every = STR("10"),
        .units = STR("%"),
        .warning_expr = STR("$this >= 80"),
        .critical_expr = STR("$this >= 95"),
        .recipient = STR("sysadmin"),
        .delay = STR("down 15m multiplier 1.5 max 1h"),
        .info = text_put(&t, "How much of thing %u is in use, averaged over the last minute", k),
        .summary = text_put(&t, "Usage of thing %u", k),
        .has_lookup = 1,
        .lookup_after = -60,
        .lookup_method = STR("average"),
        .lookup_options = STR("absolute unaligned"),
        .update_every_s = 10,
    };
    show(ctx, &config);
    return 0;
  }
  return -ENOENT;
}
