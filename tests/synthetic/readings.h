/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The hook read of the made-up host: each reading is copied, and a thread of the host does it and ends it. */
#ifndef SYNTHETIC_READINGS_H
#define SYNTHETIC_READINGS_H

#include <netdata-aclk/plugin.h>

struct readings;

/* `hooks`: a table whose hooks that block do the reading. ends: how often each reading is ended; 1 is right. NULL: no
 * memory, no thread. */
struct readings *readings_create(const struct naclk_host *hooks, uint32_t ends);
/* After the module is stopped, before it is destroyed: what has not begun is forgotten, and nothing is ended after
 * this. NULL is allowed. */
void readings_stop(struct readings *readings);
/* Stops it, if need be. NULL is allowed. */
void readings_free(struct readings *readings);

void readings_ask(struct readings *readings, const struct naclk_read *read);

#endif
