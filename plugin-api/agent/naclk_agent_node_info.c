/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Facts about a node, its labels, and which collectors it has. */
#define RRDHOST_SYSTEM_INFO_INTERNALS /* the facts have no other way out of the agent than text of one form or another \
                                       */
#include <daemon/common.h>
#include <errno.h>

#include "naclk_agent.h"

struct labels {
  struct naclk_pair *pairs; /* texts are copies */
  size_t count, room;
};

static int keep_label(const char *name, const char *value, RRDLABEL_SRC source, void *data) {
  (void)source;
  struct labels *l = data;
  if (l->count == l->room) {
    l->room = l->room == 0 ? 32 : 2 * l->room;
    l->pairs = reallocz(l->pairs, l->room * sizeof *l->pairs);
  }
  l->pairs[l->count].key = naclk_text(strdupz(name));
  l->pairs[l->count].value = naclk_text(strdupz(value));
  l->count++;
  return 1;
}

static void free_labels(struct labels *l) {
  for (size_t i = 0; i < l->count; i++) {
    freez((void *)l->pairs[i].key.data);
    freez((void *)l->pairs[i].value.data);
  }
  freez(l->pairs);
}

/* A decimal integer. Older agents write 2.3e+09, of which "2.3e 09" has come over the stream. */
static struct naclk_str frequency(const char *told, char *out, size_t size) {
  if (told == NULL || strchr(told, 'e') == NULL) return naclk_text(told);
  char number[32];
  strncpyz(number, told, sizeof number - 1);
  for (char *c = number; *c != '\0'; c++)
    if (*c == ' ') *c = '+';
  snprintfz(out, size, "%.0f", strtod(number, NULL));
  return naclk_text(out);
}

static void show_info(RRDHOST *node, naclk_node_info_fn show, void *ctx) {
  spinlock_lock(&node->rrdhost_update_lock);
  struct rrdhost_system_info *facts = rrdhost_system_info_dup(node->system_info);
  spinlock_unlock(&node->rrdhost_update_lock);
  if (facts == NULL) facts = rrdhost_system_info_create();
  struct labels labels = {NULL, 0, 0};
  rrdlabels_walkthrough_read(node->rrdlabels, keep_label, &labels);
  RRDHOST_METADATA_IDENTITY names = rrdhost_metadata_identity_acquire(node);
  RRDHOST_TZ zone = rrdhost_tz_get(node);
  char hertz[32];

  const struct naclk_node_info info = {
      .size = sizeof info,
      .name = naclk_string(names.common.hostname),
      .os = naclk_string(names.os),
      .os_name = naclk_text(facts->host_os_name),
      .os_version = naclk_text(facts->host_os_version),
      .kernel_name = naclk_text(facts->kernel_name),
      .kernel_version = naclk_text(facts->kernel_version),
      .architecture = naclk_text(facts->architecture),
      .cpus = facts->host_cores == NULL ? 0 : str2uint32_t(facts->host_cores, NULL),
      .cpu_frequency_hz = frequency(facts->host_cpu_freq, hertz, sizeof hertz),
      .memory_bytes = naclk_text(facts->host_ram_total),
      .disk_bytes = naclk_text(facts->host_disk_space),
      .version = naclk_string(names.common.prog_version),
      .release_channel = naclk_text(get_release_channel()), /* as the agent says for its children, which do not */
      .timezone = naclk_text(zone.abbrev_timezone),
      .virtualization = naclk_text(facts->virtualization),
      .container = naclk_text(facts->container),
      .own_ml_capable = facts->ml_capable ? 1 : 0,
      .own_ml_enabled = facts->ml_enabled ? 1 : 0,
      .labels = labels.pairs,
      .label_count = labels.count,
  };
  show(ctx, &info);

  rrdhost_tz_free(&zone);
  rrdhost_metadata_identity_release(&names);
  free_labels(&labels);
  rrdhost_system_info_free(facts);
}

int naclk_agent_node_info(void *host, struct naclk_str machine_guid, naclk_node_info_fn show, void *ctx) {
  (void)host;
  RRDHOST_ACQUIRED *acquired = naclk_agent_find(machine_guid);
  if (acquired == NULL) return -ENOENT;
  show_info(rrdhost_acquired_to_rrdhost(acquired), show, ctx);
  rrdhost_acquired_release(acquired);
  return 0;
}

static void visit_collectors(RRDHOST *node, naclk_collector_fn visit, void *ctx) {
  DICTIONARY *seen = dictionary_create(DICT_OPTION_SINGLE_THREADED);
  RRDSET *chart;
  rrdset_foreach_reentrant(chart, node) {
    if (!rrdset_is_available_for_viewers(chart)) continue;
    char pair[512];
    snprintfz(pair, sizeof pair, "%s:%s", rrdset_plugin_name(chart), rrdset_module_name(chart));
    if (dictionary_get(seen, pair) != NULL) continue;
    dictionary_set(seen, pair, "", 1);
    const struct naclk_collector collector = {
        .size = sizeof collector,
        .plugin = naclk_string(chart->plugin_name),
        .module = naclk_string(chart->module_name),
    };
    if (visit(ctx, &collector) != 0) break;
  }
  rrdset_foreach_done(chart);
  dictionary_destroy(seen);
}

int naclk_agent_collectors(void *host, struct naclk_str machine_guid, naclk_collector_fn visit, void *ctx) {
  (void)host;
  RRDHOST_ACQUIRED *acquired = naclk_agent_find(machine_guid);
  if (acquired == NULL) return -ENOENT;
  RRDHOST *node = rrdhost_acquired_to_rrdhost(acquired);
  if (node->rrdset_root_index != NULL) visit_collectors(node, visit, ctx);
  rrdhost_acquired_release(acquired);
  return 0;
}
