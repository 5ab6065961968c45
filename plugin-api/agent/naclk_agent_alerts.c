/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The alert log of a node and its present alerts, from the agent's health tables. A transition's position in the log is
 * the agent's unique_id, which counts up by one for each transition of a node. */
#include <daemon/common.h>
#include <errno.h>
#include <health/health.h>
#include <math.h>

#include "naclk_agent.h"

/* As columns of SELECT. */
enum column {
  AT_UNIQUE_ID,
  AT_EVENT_ID,
  AT_CONFIG_HASH,
  AT_UPDATED_BY,
  AT_WHEN,
  AT_DURATION,
  AT_NON_CLEAR_DURATION,
  AT_FLAGS,
  AT_DELAY_UP_TO,
  AT_NAME,
  AT_CHART,
  AT_CHART_NAME,
  AT_CONTEXT,
  AT_EXEC,
  AT_UNITS,
  AT_INFO,
  AT_SUMMARY,
  AT_STATUS,
  AT_OLD_STATUS,
  AT_DELAY,
  AT_VALUE,
  AT_OLD_VALUE,
  AT_LAST_REPEAT,
  AT_TRANSITION,
  AT_SOURCE,
  AT_VARIABLE
};

#define SELECT                                                                                                       \
  "SELECT d.unique_id, d.alarm_event_id, l.config_hash_id, d.updated_by_id, d.when_key, d.duration, "                \
  "d.non_clear_duration, d.flags, d.delay_up_to_timestamp, l.name, l.chart, l.chart_name, l.chart_context, l.exec, " \
  "l.units, d.info, d.summary, d.new_status, d.old_status, d.delay, d.new_value, d.old_value, d.last_repeat, "       \
  "d.transition_id, h.source, h.hash_id IS NOT NULL AND IFNULL(h.warn, '') = '' AND IFNULL(h.crit, '') = '' "        \
  "FROM health_log l JOIN health_log_detail d ON d.health_log_id = l.health_log_id "                                 \
  "LEFT JOIN alert_hash h ON h.hash_id = l.config_hash_id WHERE l.host_id = ?1 "

/* The newest ones, when all are asked for. */
#define MOST 20000

static uint32_t status_of(int agents) {
  switch (agents) {
    case RRDCALC_STATUS_REMOVED:
      return NACLK_ALERT_REMOVED;
    case RRDCALC_STATUS_UNDEFINED:
      return NACLK_ALERT_NOT_A_NUMBER;
    case RRDCALC_STATUS_CLEAR:
      return NACLK_ALERT_CLEAR;
    case RRDCALC_STATUS_RAISED:
    case RRDCALC_STATUS_WARNING:
      return NACLK_ALERT_WARNING;
    case RRDCALC_STATUS_CRITICAL:
      return NACLK_ALERT_CRITICAL;
    default:
      return NACLK_ALERT_UNKNOWN;
  }
}

static const char *text_at(sqlite3_stmt *row, enum column c) { return (const char *)sqlite3_column_text(row, c); }

static struct naclk_str uuid_at(sqlite3_stmt *row, enum column c, char out[UUID_STR_LEN]) {
  return sqlite3_column_uuid_unparse_lower(row, c, out) ? naclk_text(out) : (struct naclk_str){NULL, 0};
}

static double value_at(sqlite3_stmt *row, enum column c) {
  return sqlite3_column_type(row, c) == SQLITE_NULL ? NAN : sqlite3_column_double(row, c);
}

/* "12.3%"; "-" is the agent's word for no value. */
static struct naclk_str value_text(double value, const char *units, char out[101]) {
  if (isnan(value)) return naclk_text("-");
  return naclk_text(format_value_and_unit(out, 100, value, units, -1));
}

static int show_row(RRDHOST *node, const RRDHOST_TZ *zone, sqlite3_stmt *row, naclk_alert_fn visit, void *ctx) {
  char hash[UUID_STR_LEN], transition[UUID_STR_LEN], now[101], before[101];
  const char *source = text_at(row, AT_SOURCE), *units = text_at(row, AT_UNITS), *exec = text_at(row, AT_EXEC);
  char *command = source == NULL || *source == '\0' ? NULL : health_edit_command_from_source(source);
  CLEAN_BUFFER *alert_id = buffer_create(256, NULL);
  /* Stays over restarts and a new database, unlike the agent's number of the alert. */
  buffer_sprintf(alert_id, "%s/%s", text_at(row, AT_CHART), text_at(row, AT_NAME));
  const struct naclk_alert alert = {
      .size = sizeof alert,
      .log_id = (uint64_t)sqlite3_column_int64(row, AT_UNIQUE_ID),
      .alert_id = naclk_text(buffer_tostring(alert_id)),
      .event_id = (uint64_t)sqlite3_column_int64(row, AT_EVENT_ID),
      .transition_id = uuid_at(row, AT_TRANSITION, transition),
      .config_hash = uuid_at(row, AT_CONFIG_HASH, hash),
      .name = naclk_text(text_at(row, AT_NAME)),
      .chart = naclk_text(text_at(row, AT_CHART)),
      .chart_name = naclk_text(text_at(row, AT_CHART_NAME)),
      .context = naclk_text(text_at(row, AT_CONTEXT)),
      .summary = naclk_text(text_at(row, AT_SUMMARY)),
      .info = naclk_text(text_at(row, AT_INFO)),
      .units = naclk_text(units),
      .exec = naclk_text(exec != NULL ? exec : string2str(node->health.default_exec)),
      .conf_source = naclk_text(source),
      .command = naclk_text(command),
      .timezone = naclk_text(zone->abbrev_timezone),
      .utc_offset_s = zone->utc_offset,
      .when_s = (uint64_t)sqlite3_column_int64(row, AT_WHEN),
      .duration_s = sqlite3_column_int64(row, AT_DURATION),
      .non_clear_duration_s = sqlite3_column_int64(row, AT_NON_CLEAR_DURATION),
      .status = status_of(sqlite3_column_int(row, AT_STATUS)),
      .old_status = status_of(sqlite3_column_int(row, AT_OLD_STATUS)),
      .delay_s = (uint64_t)sqlite3_column_int64(row, AT_DELAY),
      .delay_up_to_s = (uint64_t)sqlite3_column_int64(row, AT_DELAY_UP_TO),
      .last_repeat_s = (uint64_t)sqlite3_column_int64(row, AT_LAST_REPEAT),
      .silenced = (sqlite3_column_int64(row, AT_FLAGS) & HEALTH_ENTRY_FLAG_SILENCED) != 0 ? 1 : 0,
      .superseded = sqlite3_column_int64(row, AT_UPDATED_BY) != 0 ? 1 : 0,
      .variable = sqlite3_column_int(row, AT_VARIABLE),
      .value = value_at(row, AT_VALUE),
      .old_value = value_at(row, AT_OLD_VALUE),
      .value_string = value_text(value_at(row, AT_VALUE), units, now),
      .old_value_string = value_text(value_at(row, AT_OLD_VALUE), units, before),
  };
  const int enough = visit(ctx, &alert);
  freez(command);
  return enough;
}

static sqlite3_stmt *prepare(RRDHOST *node, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  if (db_meta == NULL || sqlite3_prepare_v2(db_meta, sql, -1, &stmt, NULL) != SQLITE_OK) return NULL;
  if (sqlite3_bind_blob(stmt, 1, &node->host_id.uuid, sizeof node->host_id.uuid, SQLITE_STATIC) == SQLITE_OK)
    return stmt;
  sqlite3_finalize(stmt);
  return NULL;
}

/* One number of the log: ?2 is `after`; ?3, if there is one, MOST. -1: it cannot be asked. */
static int64_t ask_number(RRDHOST *node, const char *sql, uint64_t after) {
  sqlite3_stmt *stmt = prepare(node, sql);
  if (stmt == NULL) return -1;
  sqlite3_bind_int64(stmt, 2, (sqlite3_int64)after);
  if (sqlite3_bind_parameter_count(stmt) >= 3) sqlite3_bind_int(stmt, 3, MOST);
  const int64_t number = sqlite3_step_monitored(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
  sqlite3_finalize(stmt);
  return number;
}

/* A log that has lost the entry after which it is read may have lost others behind it, or has begun anew. */
static int64_t has_entry(RRDHOST *node, uint64_t id) {
  return ask_number(node,
                    "SELECT COUNT(*) FROM health_log_detail d JOIN health_log l ON d.health_log_id = l.health_log_id "
                    "WHERE l.host_id = ?1 AND d.unique_id = ?2",
                    id);
}

/* Where the newest MOST entries begin. */
static int64_t newest_after(RRDHOST *node, uint64_t after) {
  return ask_number(node,
                    "SELECT IFNULL((SELECT d.unique_id FROM health_log l JOIN health_log_detail d "
                    "ON d.health_log_id = l.health_log_id WHERE l.host_id = ?1 AND d.unique_id > ?2 "
                    "ORDER BY d.unique_id DESC LIMIT 1 OFFSET ?3), ?2)",
                    after);
}

/* The agent counts a transition when it happens and stores it a moment later. Behind a number that is not stored yet
 * nothing is read: it would be lost. A hole with nothing under way is an entry that was deleted. */
static bool is_on_its_way(RRDHOST *node, uint64_t last, uint64_t id) {
  return id != last + 1 && __atomic_load_n(&node->health.pending_transitions, __ATOMIC_RELAXED) > 0;
}

static int read_log(RRDHOST *node, uint64_t after, uint32_t limit, naclk_alert_fn visit, void *ctx, uint64_t *last) {
  sqlite3_stmt *row = prepare(node, SELECT "AND d.unique_id > ?2 ORDER BY d.unique_id LIMIT ?3");
  if (row == NULL) return -EAGAIN;
  sqlite3_bind_int64(row, 2, (sqlite3_int64)after);
  sqlite3_bind_int64(row, 3, limit == 0 ? MOST : limit);
  RRDHOST_TZ zone = rrdhost_tz_get(node);
  int rc;
  while ((rc = sqlite3_step_monitored(row)) == SQLITE_ROW) {
    const uint64_t id = (uint64_t)sqlite3_column_int64(row, AT_UNIQUE_ID);
    if (*last != 0 && is_on_its_way(node, *last, id)) {
      rc = SQLITE_DONE;
      break;
    }
    const int enough = show_row(node, &zone, row, visit, ctx);
    *last = id;
    if (enough != 0) {
      rc = SQLITE_DONE;
      break;
    }
  }
  rrdhost_tz_free(&zone);
  sqlite3_finalize(row);
  return rc == SQLITE_DONE ? 0 : -EAGAIN;
}

int naclk_agent_alert_log(void *host, struct naclk_str machine_guid, uint64_t after, uint32_t limit,
                          naclk_alert_fn visit, void *ctx, struct naclk_alert_log_end *end) {
  (void)host;
  RRDHOST_ACQUIRED *acquired = naclk_agent_find(machine_guid);
  if (acquired == NULL) return -ENOENT;
  RRDHOST *node = rrdhost_acquired_to_rrdhost(acquired);
  const int64_t there = after == 0 ? 1 : has_entry(node, after);
  const bool anew = there == 0;
  uint64_t begin = anew ? 0 : after;
  const int64_t newest = limit != 0 ? (int64_t)begin : newest_after(node, begin);
  int result = there < 0 || newest < 0 ? -EAGAIN : 0;
  if (result == 0) {
    const bool left_out = (uint64_t)newest > begin;
    begin = (uint64_t)newest;
    uint64_t last = begin;
    result = read_log(node, begin, limit, visit, ctx, &last);
    end->last_log_id = last;
    end->gap = anew || (left_out && after != 0) ? 1 : 0;
  }
  rrdhost_acquired_release(acquired);
  return result;
}

int naclk_agent_active_alerts(void *host, struct naclk_str machine_guid, naclk_alert_fn visit, void *ctx) {
  (void)host;
  RRDHOST_ACQUIRED *acquired = naclk_agent_find(machine_guid);
  if (acquired == NULL) return -ENOENT;
  RRDHOST *node = rrdhost_acquired_to_rrdhost(acquired);
  sqlite3_stmt *row = prepare(node, SELECT "AND d.transition_id = l.last_transition_id AND d.new_status <> ?2");
  int result = -EAGAIN;
  if (row != NULL) {
    sqlite3_bind_int(row, 2, RRDCALC_STATUS_REMOVED); /* the alert is gone */
    RRDHOST_TZ zone = rrdhost_tz_get(node);
    int rc;
    while ((rc = sqlite3_step_monitored(row)) == SQLITE_ROW)
      if (show_row(node, &zone, row, visit, ctx) != 0) break;
    result = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : -EAGAIN;
    rrdhost_tz_free(&zone);
    sqlite3_finalize(row);
  }
  rrdhost_acquired_release(acquired);
  return result;
}
