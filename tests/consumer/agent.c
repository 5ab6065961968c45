/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An agent as small as can be that has the module compiled in: the same code whether the library is the link or the
 * null module. `agent DIRECTORY` keeps its state there, starts and stops, and prints what the module says of itself.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <netdata-aclk/plugin.h>

static struct naclk_str str(const char *text) {
  const struct naclk_str s = {text, strlen(text)};
  return s;
}

static void on_log(void *host, enum naclk_log_source source, enum naclk_log_level level, struct naclk_str line) {
  (void)host, (void)source, (void)level;
  printf("log %.*s\n", (int)line.len, line.data);
}
static int config(void *host, struct naclk_str section, struct naclk_str key, naclk_text_fn show, void *ctx) {
  (void)host, (void)section, (void)key, (void)show, (void)ctx;
  return -ENOENT;
}
static int identity(void *host, naclk_identity_fn show, void *ctx) {
  const struct naclk_identity i = {.size = sizeof i,
                                   .machine_guid = str("00000000-0000-4000-8000-00000000a9e7"),
                                   .hostname = str("agent"),
                                   .agent_version = str("v2.11.0")};
  (void)host, (void)show(ctx, &i);
  return 0;
}
static int directories(void *host, naclk_directories_fn show, void *ctx) {
  const struct naclk_directories d = {
      .size = sizeof d, .user_config = str(host), .lib = str(host), .log = str(host), .run = str(host)};
  (void)show(ctx, &d);
  return 0;
}
static int nodes(void *host, naclk_node_fn visit, void *ctx) {
  (void)host, (void)visit, (void)ctx;
  return 0;
}
static int node_info(void *host, struct naclk_str guid, naclk_node_info_fn show, void *ctx) {
  (void)host, (void)guid, (void)show, (void)ctx;
  return -ENOENT;
}
static int collectors(void *host, struct naclk_str guid, naclk_collector_fn visit, void *ctx) {
  (void)host, (void)guid, (void)visit, (void)ctx;
  return -ENOENT;
}
static int contexts(void *host, struct naclk_str guid, naclk_context_fn visit, void *ctx) {
  (void)host, (void)guid, (void)visit, (void)ctx;
  return -ENOENT;
}
static int alert_log(void *host, struct naclk_str guid, uint64_t after, uint32_t limit, naclk_alert_fn visit, void *ctx,
                     struct naclk_alert_log_end *end) {
  (void)host, (void)guid, (void)after, (void)limit, (void)visit, (void)ctx, (void)end;
  return -ENOENT;
}
static int active_alerts(void *host, struct naclk_str guid, naclk_alert_fn visit, void *ctx) {
  (void)host, (void)guid, (void)visit, (void)ctx;
  return -ENOENT;
}
static int alert_config(void *host, struct naclk_str hash, naclk_alert_config_fn show, void *ctx) {
  (void)host, (void)hash, (void)show, (void)ctx;
  return -ENOENT;
}
static void query(void *host, const struct naclk_query *q) {
  (void)host;
  q->complete(q->request, -ENOENT, NULL);
}

static int line(void *name, struct naclk_str text) {
  printf("%s %.*s\n", (const char *)name, (int)text.len, text.data);
  return 0;
}
static int reply(void *name, const struct naclk_reply *r) {
  printf("%s %d %.*s\n", (const char *)name, r->status, (int)r->body.len, r->body.data);
  return 0;
}

static int entries(const char *path, const char *kind) {
  DIR *dir = opendir(path);
  int n = 0;
  for (const struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
    char file[512];
    char target[512] = "";
    if (e->d_name[0] == '.') continue;
    snprintf(file, sizeof file, "%s/%s", path, e->d_name);
    if (kind != NULL && readlink(file, target, sizeof target - 1) < 0) continue;
    if (kind == NULL || strncmp(target, kind, strlen(kind)) == 0) ++n;
  }
  if (dir != NULL) closedir(dir);
  return n;
}

int main(int argc, char **argv) {
  char why[512] = "";
  struct naclk_host host = {.size = sizeof host,
                            .abi = NACLK_ABI,
                            .host = argc > 1 ? argv[1] : ".",
                            .log = on_log,
                            .config = config,
                            .identity = identity,
                            .directories = directories,
                            .nodes = nodes,
                            .node_info = node_info,
                            .collectors = collectors,
                            .contexts = contexts,
                            .alert_log = alert_log,
                            .active_alerts = active_alerts,
                            .alert_config = alert_config,
                            .query = query,
                            .options = NACLK_OPTION_CLAIM};
  struct naclk_module *m = netdata_aclk_create(&host, why, sizeof why);
  if (m == NULL) {
    fprintf(stderr, "%s\n", why);
    return 1;
  }
  if (netdata_aclk_start(m, why, sizeof why) != 0) {
    fprintf(stderr, "%s\n", why);
    return 1;
  }
  printf("again %d\n", netdata_aclk_start(m, why, sizeof why) == -EALREADY);
  printf("threads %d\n", entries("/proc/self/task", NULL));
  printf("sockets %d\n", entries("/proc/self/fd", "socket:"));
  printf("state-is %d\n", netdata_aclk_command(m, str("aclk-state"), line, "state"));
  printf("json-is %d\n", netdata_aclk_command(m, str("aclk-state json"), line, "json"));
  printf("claim-is %d\n", netdata_aclk_command(m, str("reload-claiming-state"), line, "claim"));
  printf("unknown-is %d\n", netdata_aclk_command(m, str("make-coffee"), line, "unknown") == -ENOENT);
  const struct naclk_http_request request = {.size = sizeof request, .method = str("GET"), .path = str("/api/v1/aclk")};
  printf("http-is %d\n", netdata_aclk_http(m, &request, reply, "http"));
  const struct naclk_event event = {.size = sizeof event, .kind = NACLK_EVENT_ALERTS};
  printf("notify-is %d\n", netdata_aclk_notify(m, &event));
  netdata_aclk_buildinfo(line, "buildinfo");
  netdata_aclk_buildinfojson(line, "buildinfojson");
  printf("stop-is %d\n", netdata_aclk_stop(m, 3000));
  netdata_aclk_destroy(m);
  return netdata_aclk_abi() >> 16 == NACLK_ABI_MAJOR ? 0 : 1;
}
