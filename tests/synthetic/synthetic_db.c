/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/synthetic/synthetic_db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/synthetic/db_internal.h"

#define STR(literal) ((struct naclk_str){(literal), sizeof(literal) - 1})
/* The same inside a static initialiser, where C wants a constant. */
#define LIT(literal) \
  { (literal), sizeof(literal) - 1 }
#define CAN(name, version, enabled) \
  { LIT(name), (version), (enabled) }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MAX_COUNT = 100000, DEFAULT_LOG = 10000 };

struct naclk_str text_put(struct text_block *block, const char *format, ...) {
  const size_t room = sizeof block->bytes - block->used;
  char *start = block->bytes + block->used;
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(start, room, format, args);
  va_end(args);
  const size_t len = n <= 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
  block->used += len;
  return (struct naclk_str){start, len};
}

struct naclk_str text_uuid(struct text_block *block, uint64_t seed, uint64_t kind, uint64_t a, uint64_t b) {
  const uint64_t high = random_of(seed, kind, a, b);
  const uint64_t low = random_of(seed, ~kind, a, b);
  return text_put(block, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff),
                  (unsigned)(high & 0xfff), (unsigned)(0x8000 | (low >> 48 & 0x3fff)),
                  (unsigned long long)(low & 0xffffffffffff));
}

/* ------------------------------------------------------------------------------------------------ the database */

struct synthetic_db *synthetic_db_create(const struct synthetic_options *options) {
  if (options->nodes == 0 || options->nodes > MAX_COUNT || options->contexts > MAX_COUNT || options->alerts > MAX_COUNT)
    return NULL;
  struct synthetic_db *db = calloc(1, sizeof *db);
  if (db == NULL) return NULL;
  db->options = *options;
  if (db->options.log_capacity == 0) db->options.log_capacity = DEFAULT_LOG;
  db->next = random_of(options->seed, KIND_LOG, 0, 0);
  db->nodes = calloc(options->nodes, sizeof *db->nodes);
  bool complete = db->nodes != NULL;
  for (uint32_t i = 0; complete && i < options->nodes; ++i) {
    struct text_block t = {.used = 0};
    memcpy(db->nodes[i].guid, text_uuid(&t, options->seed, KIND_GUID, i, 0).data, 36);
    complete = alerts_begin(db, i);
  }
  if (complete) return db;
  synthetic_db_free(db);
  return NULL;
}

void synthetic_db_free(struct synthetic_db *db) {
  if (db == NULL) return;
  for (uint32_t i = 0; db->nodes != NULL && i < db->options.nodes; ++i) {
    free(db->nodes[i].last);
    free(db->nodes[i].log);
  }
  free(db->nodes);
  free(db);
}

uint32_t synthetic_db_nodes(const struct synthetic_db *db) { return db->options.nodes; }
uint64_t synthetic_db_seed(const struct synthetic_db *db) { return db->options.seed; }
const char *synthetic_db_guid(const struct synthetic_db *db, uint32_t node) { return db->nodes[node].guid; }

int64_t synthetic_db_find(const struct synthetic_db *db, struct naclk_str machine_guid) {
  if (machine_guid.len == 0) return 0;
  if (machine_guid.len != 36) return -1;
  for (uint32_t i = 0; i < db->options.nodes; ++i)
    if (memcmp(db->nodes[i].guid, machine_guid.data, 36) == 0) return i;
  return -1;
}

/* ------------------------------------------------------------------------------------------------------- nodes */

static struct naclk_str hostname(struct text_block *t, uint32_t node) {
  return node == 0 ? text_put(t, "synthetic") : text_put(t, "synthetic-child-%u", node);
}

/* proto/README.md, "Capabilities of the agent" */
static const struct naclk_capability agent_can[] = {
    CAN("json", 2, 0),  CAN("proto", 1, 1),       CAN("ml", 0, 0),     CAN("mc", 1, 1),         CAN("ctx", 1, 1),
    CAN("funcs", 1, 1), CAN("http_api_v2", 7, 1), CAN("health", 2, 1), CAN("req_cancel", 1, 1), CAN("dyncfg", 2, 1),
};

/* proto/README.md, "Capabilities of a node", for the local node; children neither stream functions nor dynamic
 * configuration. */
static const struct naclk_capability local_can[] = {
    CAN("proto", 1, 1),       CAN("ml", 0, 0),     CAN("mc", 1, 1),         CAN("ctx", 1, 1),    CAN("funcs", 1, 1),
    CAN("http_api_v2", 7, 1), CAN("health", 2, 1), CAN("req_cancel", 1, 1), CAN("dyncfg", 2, 1),
};
static const struct naclk_capability child_can[] = {
    CAN("proto", 1, 1),       CAN("ml", 0, 0),     CAN("mc", 1, 1),         CAN("ctx", 1, 1),    CAN("funcs", 0, 0),
    CAN("http_api_v2", 7, 1), CAN("health", 2, 1), CAN("req_cancel", 1, 1), CAN("dyncfg", 0, 0),
};

int synthetic_db_identity(const struct synthetic_db *db, naclk_identity_fn show, void *ctx) {
  const struct naclk_identity identity = {
      .size = sizeof identity,
      .machine_guid = {db->nodes[0].guid, 36},
      .hostname = STR("synthetic"),
      .agent_version = STR(SYNTHETIC_AGENT_VERSION),
      .capabilities = agent_can,
      .capability_count = COUNT(agent_can),
  };
  show(ctx, &identity);
  return 0;
}

int synthetic_db_list_nodes(const struct synthetic_db *db, naclk_node_fn visit, void *ctx) {
  for (uint32_t i = 0; i < db->options.nodes; ++i) {
    struct text_block t = {.used = 0};
    const struct naclk_node node = {
        .size = sizeof node,
        .machine_guid = {db->nodes[i].guid, 36},
        .hostname = hostname(&t, i),
        .hops = i == 0 ? 0 : 1,
        .local = i == 0,
        .live = 1,
        .health_enabled = 1,
        .capabilities = i == 0 ? local_can : child_can,
        .capability_count = i == 0 ? COUNT(local_can) : COUNT(child_can),
    };
    if (visit(ctx, &node) != 0) break;
  }
  return 0;
}

int synthetic_db_node_info(const struct synthetic_db *db, uint32_t node, naclk_node_info_fn show, void *ctx) {
  const uint64_t r = random_of(db->options.seed, KIND_NODE, node, 0);
  const unsigned cpus = 1U << (r % 6);
  struct text_block t = {.used = 0};
  const struct naclk_str name = hostname(&t, node);
  const struct naclk_pair labels[] = {
      {STR("_hostname"), name},
      {STR("_os"), STR("linux")},
      {STR("_architecture"), STR("x86_64")},
      {STR("_is_parent"), node == 0 && db->options.nodes > 1 ? STR("true") : STR("false")},
      {STR("room"), text_put(&t, "room %u", (unsigned)(r >> 8) % 16)},
  };
  const struct naclk_node_info info = {
      .size = sizeof info,
      .name = name,
      .os = STR("linux"),
      .os_name = STR("Debian GNU/Linux"),
      .os_version = STR("12 (bookworm)"),
      .kernel_name = STR("Linux"),
      .kernel_version = text_put(&t, "6.1.0-%u-amd64", (unsigned)(r >> 16) % 40),
      .architecture = STR("x86_64"),
      .cpus = cpus,
      .cpu_frequency_hz = text_put(&t, "%u00000000", 20 + (unsigned)(r >> 24) % 20),
      .memory_bytes = text_put(&t, "%llu", (unsigned long long)cpus << 31),
      .disk_bytes = text_put(&t, "%llu", (unsigned long long)(1 + (r >> 32) % 64) << 34),
      .version = STR(SYNTHETIC_AGENT_VERSION),
      .release_channel = STR("stable"),
      .timezone = STR("UTC"),
      .virtualization = STR("kvm"),
      .container = STR("none"),
      .labels = labels,
      .label_count = COUNT(labels),
  };
  show(ctx, &info);
  return 0;
}

/* ---------------------------------------------------------------------------------------------------- contexts */

static const struct {
  struct naclk_str plugin, module, family, units, chart_type;
  const char *name, *title;
} shapes[] = {
    {LIT("proc.plugin"), LIT("/proc/stat"), LIT("cpu"), LIT("percentage"), LIT("stacked"), "cpu.usage", "CPU usage"},
    {LIT("proc.plugin"), LIT("/proc/meminfo"), LIT("ram"), LIT("MiB"), LIT("stacked"), "mem.used", "Memory used"},
    {LIT("proc.plugin"), LIT("/proc/diskstats"), LIT("io"), LIT("KiB/s"), LIT("area"), "disk.io", "Disk transfer"},
    {LIT("proc.plugin"), LIT("/proc/net/dev"), LIT("net"), LIT("kilobits/s"), LIT("area"), "net.traffic", "Bandwidth"},
    {LIT("apps.plugin"), LIT(""), LIT("processes"), LIT("processes"), LIT("line"), "app.count", "Processes"},
    {LIT("go.d.plugin"), LIT("web"), LIT("latency"), LIT("ms"), LIT("heatmap"), "web.latency", "Latency of requests"},
};

int synthetic_db_collectors(const struct synthetic_db *db, uint32_t node, naclk_collector_fn visit, void *ctx) {
  (void)node;
  for (size_t i = 0; i < COUNT(shapes) && i < db->options.contexts; ++i) {
    const struct naclk_collector c = {.size = sizeof c, .plugin = shapes[i].plugin, .module = shapes[i].module};
    if (visit(ctx, &c) != 0) break;
  }
  return 0;
}

int synthetic_db_contexts(const struct synthetic_db *db, uint32_t node, naclk_context_fn visit, void *ctx) {
  enum { MONTH_S = 30 * 86400 };
  const uint64_t start = db->options.start_s;
  for (uint32_t i = 0; i < db->options.contexts; ++i) {
    const uint64_t r = random_of(db->options.seed, KIND_CONTEXT, node, i);
    const size_t s = i % COUNT(shapes);
    const uint64_t age = 3600 + r % MONTH_S;
    const int collected = (r >> 32) % 16 != 0;
    struct text_block t = {.used = 0};
    const struct naclk_context context = {
        .size = sizeof context,
        .id = text_put(&t, "%s_%u", shapes[s].name, i),
        .title = text_put(&t, "%s %u", shapes[s].title, i),
        .units = shapes[s].units,
        .family = shapes[s].family,
        .chart_type = shapes[s].chart_type,
        .priority = 1000 + i,
        .first_s = start > age ? start - age : 1,
        .last_s = start > 600 ? start - 600 : 1,
        .collected = collected,
    };
    if (visit(ctx, &context) != 0) break;
  }
  return 0;
}
