/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The hook query of the made-up host in its two forms: a worker of the module thinks and answers, or the question is
 * copied and a thread of the host answers when it is due. */
#ifndef SYNTHETIC_QUESTIONS_H
#define SYNTHETIC_QUESTIONS_H

#include <pthread.h>

#include "tests/synthetic/synthetic_db.h"

struct questions;

/* `alerts` is locked while the alerts of the database are read. later: asking never blocks. NULL: no memory, no thread.
 */
struct questions *questions_create(const struct synthetic_db *db, pthread_mutex_t *alerts, uint64_t default_bytes,
                                   uint32_t default_delay_ms, int later);
/* After the module is stopped, before it is destroyed: what is still unanswered is forgotten, and nothing is answered
 * after this. */
void questions_stop(struct questions *questions);
/* Stops it, if need be. NULL is allowed. */
void questions_free(struct questions *questions);

void questions_ask(struct questions *questions, const struct naclk_query *query);
/* Some question is not wanted any more. */
void questions_cancelled(struct questions *questions);

#endif
