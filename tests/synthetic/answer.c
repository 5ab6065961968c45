/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/synthetic/answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/synthetic/random.h"

struct buffer {
  char *bytes;
  size_t len, room;
  bool failed;
};

static bool reserve(struct buffer *b, size_t more) {
  if (b->failed) return false;
  if (b->room - b->len > more) return true;
  size_t room = b->room == 0 ? 4096 : b->room;
  while (room - b->len <= more) room *= 2;
  char *bytes = realloc(b->bytes, room);
  b->failed = bytes == NULL;
  if (b->failed) return false;
  b->bytes = bytes;
  b->room = room;
  return true;
}

/* printf at the end; one call adds at most 511 bytes. */
__attribute__((format(printf, 2, 3))) static void add(struct buffer *b, const char *format, ...) {
  if (!reserve(b, 512)) return;
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(b->bytes + b->len, 512, format, args);
  va_end(args);
  if (n > 0) b->len += n < 512 ? (size_t)n : 511;
}

static uint64_t number(const char *s, const char *end) {
  uint64_t n = 0;
  for (; s < end && *s >= '0' && *s <= '9'; ++s) {
    if (n > UINT64_MAX / 10 - 1) return 0;
    n = n * 10 + (uint64_t)(*s - '0');
  }
  return n;
}

static uint32_t capped(uint64_t n) { return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n; }

struct answer_wish answer_read(struct naclk_str target, uint64_t default_bytes, uint32_t default_delay_ms) {
  struct answer_wish w = {
      .path = target, .bytes = default_bytes, .delay_ms = default_delay_ms, .answers = 1, .points = 60};
  const char *const end = target.len == 0 ? target.data : target.data + target.len;
  const char *at = target.len == 0 ? NULL : memchr(target.data, '?', target.len);
  if (at == NULL) return w;
  w.path.len = (size_t)(at - target.data);
  while (at != NULL && ++at < end) {
    const char *next = memchr(at, '&', (size_t)(end - at));
    const char *stop = next == NULL ? end : next;
    const char *value = memchr(at, '=', (size_t)(stop - at));
    if (value != NULL) {
      const size_t n = (size_t)(value++ - at);
      if (n == 5 && memcmp(at, "bytes", n) == 0) w.bytes = number(value, stop);
      if (n == 8 && memcmp(at, "delay_ms", n) == 0) w.delay_ms = capped(number(value, stop));
      if (n == 7 && memcmp(at, "answers", n) == 0) w.answers = capped(number(value, stop));
      if (n == 6 && memcmp(at, "points", n) == 0) w.points = capped(number(value, stop));
    }
    at = next;
  }
  return w;
}

static bool is(struct naclk_str path, const char *endpoint) {
  return path.len == strlen(endpoint) && memcmp(path.data, endpoint, path.len) == 0;
}

static void info(const struct synthetic_db *db, struct buffer *b) {
  const uint32_t nodes = synthetic_db_nodes(db);
  add(b, "{\"version\":\"%s\",\"uid\":\"%s\",\"hosts-available\":%u,\"mirrored_hosts\":[", SYNTHETIC_AGENT_VERSION,
      synthetic_db_guid(db, 0), nodes);
  for (uint32_t i = 0; i < nodes && i < 1000; ++i) add(b, "%s\"%s\"", i == 0 ? "" : ",", synthetic_db_guid(db, i));
  add(b, "]}");
}

static int alarm(void *ctx, const struct naclk_alert *a) {
  static const char *const names[] = {"", "UNINITIALIZED", "REMOVED", "UNDEFINED", "CLEAR", "WARNING", "CRITICAL"};
  struct buffer *b = ctx;
  add(b, "%s\"%.*s\":{\"name\":\"%.*s\",\"status\":\"%s\",\"last_status_change\":%llu,\"event_id\":%llu}",
      b->bytes[b->len - 1] == '{' ? "" : ",", (int)a->alert_id.len, a->alert_id.data, (int)a->name.len, a->name.data,
      names[a->status], (unsigned long long)a->when_s, (unsigned long long)a->event_id);
  return b->failed ? 1 : 0;
}

/* Rows go back in time from a fixed second: a body depends on nothing but seed, node and size. */
static int data(const struct synthetic_db *db, uint32_t node, const struct answer_wish *w,
                int (*interrupted)(struct naclk_request), struct naclk_request request, struct buffer *b) {
  enum { NEWEST_S = 1767225600, LONGEST_ROW = 64 };
  add(b, "{\"labels\":[\"time\",\"user\",\"system\",\"iowait\"],\"data\":[");
  for (uint64_t i = 0; w->bytes == 0 ? i < w->points : b->len + LONGEST_ROW < w->bytes; ++i) {
    if (i % 256 == 0 && interrupted != NULL && interrupted(request) != 0) return -ECANCELED;
    const uint64_t r = random_of(synthetic_db_seed(db), 100, node, i);
    add(b, "%s[%llu,%u.%02u,%u.%02u,%u.%02u]", i == 0 ? "" : ",", (unsigned long long)(NEWEST_S - i % NEWEST_S),
        (unsigned)(r % 60), (unsigned)(r >> 8) % 100, (unsigned)(r >> 16) % 30, (unsigned)(r >> 24) % 100,
        (unsigned)(r >> 32) % 10, (unsigned)(r >> 40) % 100);
    if (b->failed) break;
  }
  add(b, "]}");
  return 0;
}

int answer_reads_alerts(const struct answer_wish *wish) { return is(wish->path, "/api/v1/alarms"); }

int answer_make(const struct synthetic_db *db, uint32_t node, const struct answer_wish *wish,
                int (*interrupted)(struct naclk_request), struct naclk_request request, char **body, size_t *len) {
  struct buffer b = {0};
  int result = 0;
  if (is(wish->path, "/api/v1/info")) {
    info(db, &b);
  } else if (answer_reads_alerts(wish)) {
    add(&b, "{\"alarms\":{");
    if (!b.failed) (void)synthetic_db_active_alerts(db, node, alarm, &b);
    add(&b, "}}");
  } else if (is(wish->path, "/api/v1/data")) {
    result = data(db, node, wish, interrupted, request, &b);
  } else {
    add(&b, "{\"endpoint\":\"");
    for (size_t i = 0; i < wish->path.len && i < 256; ++i) {
      const char c = wish->path.data[i];
      add(&b, "%c", c > ' ' && c < 0x7f && c != '"' && c != '\\' ? c : '?');
    }
    add(&b, "\"}");
  }
  if (result == 0 && wish->bytes > b.len) {
    const size_t fill = (size_t)wish->bytes - b.len;
    if (reserve(&b, fill)) {
      memset(b.bytes + b.len, ' ', fill);
      b.len += fill;
    }
  }
  if (result == 0 && b.failed) result = -ENOMEM;
  if (result != 0) {
    free(b.bytes);
    return result;
  }
  *body = b.bytes;
  *len = b.len;
  return 0;
}
