/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The contexts of a node, from the agent's context index. */
#include <database/contexts/rrdcontext-internal.h>
#include <errno.h>

#include "naclk_agent.h"

/* Texts are held by a count each, the lock of the context only while they are taken: a visitor may take its time. */
static int show_context(RRDCONTEXT *rc, naclk_context_fn visit, void *ctx) {
  rrdcontext_lock(rc);
  if (rrd_flag_check(rc, RRD_FLAG_HIDDEN | RRD_FLAG_DELETED)) {
    rrdcontext_unlock(rc);
    return 0;
  }
  STRING *id = string_dup(rc->id), *title = string_dup(rc->title), *units = string_dup(rc->units),
         *family = string_dup(rc->family);
  const struct naclk_context shown = {
      .size = sizeof shown,
      .id = naclk_string(id),
      .title = naclk_string(title),
      .units = naclk_string(units),
      .family = naclk_string(family),
      .chart_type = naclk_text(rrdset_type_name(rc->chart_type)),
      .priority = rc->priority,
      .first_s = (uint64_t)rc->first_time_s,
      .last_s = (uint64_t)rc->last_time_s,
      .collected = rrd_flag_is_collected(rc) ? 1 : 0,
  };
  rrdcontext_unlock(rc);
  const int enough = visit(ctx, &shown);
  string_freez(id);
  string_freez(title);
  string_freez(units);
  string_freez(family);
  return enough;
}

static int visit_contexts(RRDHOST *node, naclk_context_fn visit, void *ctx) {
  /* After a start they are read from the database in the background. What is shown until then would be a deletion. */
  if (node->rrdctx.contexts == NULL || rrdhost_flag_check(node, RRDHOST_FLAG_PENDING_CONTEXT_LOAD)) return -EAGAIN;
  RRDCONTEXT *rc;
  dfe_start_reentrant(node->rrdctx.contexts, rc) {
    if (show_context(rc, visit, ctx) != 0) break;
  }
  dfe_done(rc);
  return 0;
}

int naclk_agent_contexts(void *host, struct naclk_str machine_guid, naclk_context_fn visit, void *ctx) {
  (void)host;
  RRDHOST_ACQUIRED *acquired = naclk_agent_find(machine_guid);
  if (acquired == NULL) return -ENOENT;
  const int result = visit_contexts(rrdhost_acquired_to_rrdhost(acquired), visit, ctx);
  rrdhost_acquired_release(acquired);
  return result;
}
