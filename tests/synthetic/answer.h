/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answers of the made-up agent's web API: JSON, a pure function of database, node and target. */
#ifndef SYNTHETIC_ANSWER_H
#define SYNTHETIC_ANSWER_H

#include "tests/synthetic/synthetic_db.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a target asks for. */
struct answer_wish {
  struct naclk_str path; /* up to the question mark */
  uint64_t bytes;        /* bytes=N: the exact size of the body, at least what the endpoint says anyway */
  uint32_t delay_ms;     /* delay_ms=N: the database thinks that long first */
  uint32_t answers;      /* answers=N: how often the host answers, 1 by default; 0 = never, and 2 is a fault as well */
  uint32_t points;       /* points=N: rows of data when no size is asked for; 60 by default */
};

/* Reads a target; arguments that are missing keep the given defaults, senseless ones count as 0. */
struct answer_wish answer_read(struct naclk_str target, uint64_t default_bytes, uint32_t default_delay_ms);

/* Makes the body. `interrupted` is asked at least each 256 rows. Returns 0 with *body (free() it) and *len; -ECANCELED,
 * -ENOMEM.
 *   /api/v1/info    agent and nodes
 *   /api/v1/alarms  each alert with its status and time: the truth to compare a cloud with
 *   /api/v1/data    "labels" and "data" rows; as many rows as fit in `bytes`
 *   others          {"endpoint":"..."}
 * All are filled up with spaces at the end, which is still JSON. Where answer_reads_alerts(), the caller holds them
 * still. */
int answer_make(const struct synthetic_db *db, uint32_t node, const struct answer_wish *wish,
                int (*interrupted)(struct naclk_request request), struct naclk_request request, char **body,
                size_t *len);

int answer_reads_alerts(const struct answer_wish *wish);

#ifdef __cplusplus
}
#endif

#endif
