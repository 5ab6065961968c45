/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/synthetic/questions.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/synthetic/answer.h"

/* What is kept of a naclk_query, whose own texts go when the hook returns. */
struct question {
  struct question *next;
  int64_t node;
  struct answer_wish wish; /* its path is in `target` */
  uint64_t due_ms;         /* when it has been thought about long enough */
  uint64_t deadline_ms;
  uint64_t max_bytes;
  struct naclk_request request;
  void (*complete)(struct naclk_request request, int error, const struct naclk_reply *reply);
  int (*interrupted)(struct naclk_request request);
  size_t target_len;
  char target[];
};

/* The first large answer is made once and shown again to whoever asks the same: who measures the module does that, and
 * does not want to measure us. Never changes once it is there. */
enum { LARGE = 4096 };
struct kept_answer {
  int64_t node;
  char *target;
  size_t target_len;
  char *body;
  size_t len;
};

struct questions {
  const struct synthetic_db *db;
  pthread_mutex_t *alerts;
  uint64_t default_bytes;
  uint32_t default_delay_ms;
  bool later;
  pthread_t thread;
  pthread_mutex_t lock; /* first, stop, kept.body */
  pthread_cond_t changed;
  struct question *first; /* by due_ms */
  bool stop;
  struct kept_answer kept; /* body NULL: none yet */
};

static uint64_t steady_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static struct question *copy_question(const struct questions *all, const struct naclk_query *q) {
  struct question *c = calloc(1, sizeof *c + q->target.len);
  if (c == NULL) return NULL;
  if (q->target.len > 0) memcpy(c->target, q->target.data, q->target.len);
  c->target_len = q->target.len;
  c->node = synthetic_db_find(all->db, q->machine_guid);
  c->wish = answer_read((struct naclk_str){c->target, q->target.len}, all->default_bytes, all->default_delay_ms);
  c->due_ms = steady_ms() + c->wish.delay_ms;
  c->deadline_ms = steady_ms() + q->deadline_ms;
  c->max_bytes = q->max_bytes;
  c->request = q->request;
  c->complete = q->complete;
  c->interrupted = q->interrupted;
  return c;
}

/* Why it need not be thought about: 0, -ENOENT, -EMSGSIZE, -ECANCELED or -ETIME. */
static int verdict(const struct question *q) {
  enum { LARGEST = 256 << 20 };
  if (q->node < 0) return -ENOENT;
  if (q->wish.bytes > q->max_bytes || q->wish.bytes > LARGEST) return -EMSGSIZE;
  if (q->interrupted(q->request) != 0) return -ECANCELED;
  return steady_ms() >= q->deadline_ms ? -ETIME : 0;
}

/* As often as the question wants it. */
static void complete(const struct question *q, int error, const struct naclk_reply *reply) {
  for (uint32_t i = 0; i < q->wish.answers; ++i) q->complete(q->request, error, reply);
}

/* NULL: it has to be made. */
static char *find_kept(struct questions *all, const struct question *q, size_t *len) {
  const struct kept_answer *k = &all->kept;
  pthread_mutex_lock(&all->lock);
  char *found = k->body != NULL && k->node == q->node && k->target_len == q->target_len &&
                        memcmp(k->target, q->target, k->target_len) == 0
                    ? k->body
                    : NULL;
  pthread_mutex_unlock(&all->lock);
  if (found != NULL) *len = k->len;
  return found;
}

/* Takes over a body that is worth it. */
static bool keep_answer(struct questions *all, const struct question *q, char *body, size_t len) {
  if (len < LARGE || answer_reads_alerts(&q->wish)) return false;
  pthread_mutex_lock(&all->lock);
  struct kept_answer *k = &all->kept;
  bool taken = k->body == NULL;
  if (taken) {
    k->target = malloc(q->target_len + 1);
    taken = k->target != NULL;
  }
  if (taken) {
    memcpy(k->target, q->target, q->target_len);
    k->node = q->node;
    k->target_len = q->target_len;
    k->len = len;
    k->body = body;
  }
  pthread_mutex_unlock(&all->lock);
  return taken;
}

static void answer(struct questions *all, const struct question *q) {
  size_t len = 0;
  int r = verdict(q);
  char *body = r == 0 ? find_kept(all, q, &len) : NULL;
  bool kept = body != NULL;
  if (r == 0 && !kept) {
    const int locked = answer_reads_alerts(&q->wish); /* nothing else of the database ever changes */
    if (locked) pthread_mutex_lock(all->alerts);
    r = answer_make(all->db, (uint32_t)q->node, &q->wish, q->interrupted, q->request, &body, &len);
    if (locked) pthread_mutex_unlock(all->alerts);
    kept = r == 0 && keep_answer(all, q, body, len);
  }
  if (r == 0 && len > q->max_bytes) r = -EMSGSIZE;
  if (r != 0) {
    complete(q, r, NULL);
  } else {
    const struct naclk_reply reply = {
        .size = sizeof reply,
        .status = 200,
        .content_type = {"application/json; charset=utf-8", 31},
        .body = {body, len},
    };
    complete(q, 0, &reply);
  }
  if (!kept) free(body);
}

/* ------------------------------------------------------------------------------------------- on the module's worker */

/* Thinks for a while, as a slow database does. */
static void think(const struct question *q) {
  for (uint64_t now = steady_ms(); verdict(q) == 0 && now < q->due_ms; now = steady_ms()) {
    uint64_t step = q->due_ms - now;
    if (step > q->deadline_ms - now) step = q->deadline_ms - now;
    if (step > 20) step = 20;
    nanosleep(&(struct timespec){.tv_nsec = (long)step * 1000000}, NULL);
  }
}

/* -------------------------------------------------------------------------------------------- on a thread of our own
 */

/* Takes the first one that has an answer now out of the list; *wait_ms: until when there is none. */
static struct question *take_ready(struct questions *all, uint64_t *wait_ms) {
  const uint64_t now = steady_ms();
  *wait_ms = UINT64_MAX;
  for (struct question **at = &all->first; *at != NULL; at = &(*at)->next) {
    struct question *q = *at;
    if (q->due_ms <= now || verdict(q) != 0) {
      *at = q->next;
      return q;
    }
    if (q->due_ms < *wait_ms) *wait_ms = q->due_ms;
    if (q->deadline_ms < *wait_ms) *wait_ms = q->deadline_ms;
  }
  return NULL;
}

static void *answer_later(void *arg) {
  struct questions *all = arg;
  pthread_mutex_lock(&all->lock);
  while (!all->stop) {
    uint64_t wait_ms = 0;
    struct question *q = take_ready(all, &wait_ms);
    if (q != NULL) {
      pthread_mutex_unlock(&all->lock);
      answer(all, q);
      free(q);
      pthread_mutex_lock(&all->lock);
    } else if (wait_ms == UINT64_MAX) {
      pthread_cond_wait(&all->changed, &all->lock);
    } else {
      const struct timespec until = {(time_t)(wait_ms / 1000), (long)(wait_ms % 1000) * 1000000};
      pthread_cond_timedwait(&all->changed, &all->lock, &until);
    }
  }
  pthread_mutex_unlock(&all->lock);
  return NULL;
}

static void keep(struct questions *all, struct question *q) {
  pthread_mutex_lock(&all->lock);
  struct question **at = &all->first;
  while (*at != NULL && (*at)->due_ms <= q->due_ms) at = &(*at)->next;
  q->next = *at;
  *at = q;
  pthread_cond_signal(&all->changed);
  pthread_mutex_unlock(&all->lock);
}

/* ------------------------------------------------------------------------------------------------------------- both */

void questions_ask(struct questions *all, const struct naclk_query *query) {
  struct question *q = copy_question(all, query);
  if (q == NULL) {
    query->complete(query->request, -ENOMEM, NULL);
  } else if (all->later) {
    keep(all, q);
  } else {
    think(q);
    answer(all, q);
    free(q);
  }
}

void questions_cancelled(struct questions *all) {
  if (!all->later) return; /* think() asks */
  pthread_mutex_lock(&all->lock);
  pthread_cond_signal(&all->changed);
  pthread_mutex_unlock(&all->lock);
}

struct questions *questions_create(const struct synthetic_db *db, pthread_mutex_t *alerts, uint64_t default_bytes,
                                   uint32_t default_delay_ms, int later) {
  struct questions *all = calloc(1, sizeof *all);
  if (all == NULL) return NULL;
  all->db = db;
  all->alerts = alerts;
  all->default_bytes = default_bytes;
  all->default_delay_ms = default_delay_ms;
  all->later = later != 0;
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&all->changed, &clock);
  pthread_condattr_destroy(&clock);
  pthread_mutex_init(&all->lock, NULL);
  if (all->later && pthread_create(&all->thread, NULL, answer_later, all) != 0) {
    all->later = false;
    questions_free(all);
    return NULL;
  }
  return all;
}

void questions_stop(struct questions *all) {
  if (!all->later || all->stop) return;
  pthread_mutex_lock(&all->lock);
  all->stop = true;
  pthread_cond_signal(&all->changed);
  pthread_mutex_unlock(&all->lock);
  pthread_join(all->thread, NULL);
}

void questions_free(struct questions *all) {
  if (all == NULL) return;
  questions_stop(all);
  while (all->first != NULL) {
    struct question *q = all->first;
    all->first = q->next;
    free(q);
  }
  pthread_cond_destroy(&all->changed);
  pthread_mutex_destroy(&all->lock);
  free(all->kept.target);
  free(all->kept.body);
  free(all);
}
