/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The module of an agent that is built without the link (ACLK_CLOUD=OFF, or AUTO where a library is missing): the same
 * functions as <netdata-aclk/plugin.h> promises, so that the agent's code is the same, over nothing. No thread, no
 * socket, no library but libc. It never calls a hook but `log`, and that once in each start and for each claim that is
 * asked for.
 *
 * ACLK_WHY_NOT says how the agent was built: "with --disable-cloud", or "without libmosquitto"; ACLK_BUILDINFO_WHY is
 * the word of buildinfo for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netdata-aclk/plugin.h>

#define DISABLED                                                  \
  "Netdata Cloud is disabled: this agent was built " ACLK_WHY_NOT \
  " and has no agent-cloud link. To connect this "                \
  "node, install the agent again with --require-cloud."
#define CANNOT_CLAIM                                                            \
  "This agent was built " ACLK_WHY_NOT                                          \
  " and cannot be claimed. To connect this node, install the agent again with " \
  "--require-cloud."

static const char kStateText[] = "ACLK Available: No\n" DISABLED "\n";
static const char kStateJson[] =
    "{\"aclk-available\":false,\"online\":false,\"agent-claimed\":false,\"status\":\"" DISABLED "\"}";

struct naclk_module {
  void *host;
  void (*log)(void *host, enum naclk_log_source source, enum naclk_log_level level, struct naclk_str line);
  uint32_t options;
  int started;
};

static struct naclk_str str(const char *text) {
  const struct naclk_str s = {text, strlen(text)};
  return s;
}

static int is(struct naclk_str s, const char *text) {
  return s.len == strlen(text) && (s.len == 0 || memcmp(s.data, text, s.len) == 0);
}

static void say(char *error, size_t size, const char *text) {
  if (error != NULL && size > 0) snprintf(error, size, "%s", text);
}

static void refuse_claim(const struct naclk_module *m) {
  m->log(m->host, NACLK_LOG_DAEMON, NACLK_LOG_ERROR, str("ACLK: CLAIM: " CANNOT_CLAIM));
}

static int claim_is_asked_for(void) {
  static const char *const kAsking[] = {"NETDATA_CLAIM_TOKEN", "NETDATA_CLAIM_TOKEN_FILE"};
  for (size_t i = 0; i < sizeof kAsking / sizeof *kAsking; ++i) {
    const char *value = getenv(kAsking[i]);
    if (value != NULL && *value != '\0') return 1;
  }
  return 0;
}

uint32_t netdata_aclk_abi(void) { return NACLK_ABI; }

struct naclk_module *netdata_aclk_create(const struct naclk_host *host, char *error, size_t error_size) {
  if (host == NULL || host->size < offsetof(struct naclk_host, host) + sizeof host->host) {
    say(error, error_size, "naclk_host.size is not set: it must be sizeof(struct naclk_host)");
    return NULL;
  }
  if (host->abi >> 16 != NACLK_ABI_MAJOR) {
    say(error, error_size,
        "this host speaks another ABI: build it with the same <netdata-aclk/plugin.h>, the major versions must be "
        "equal");
    return NULL;
  }
  if (host->size < offsetof(struct naclk_host, log) + sizeof host->log || host->log == NULL) {
    say(error, error_size, "naclk_host.log is missing");
    return NULL;
  }
  struct naclk_module *m = calloc(1, sizeof *m);
  if (m == NULL) {
    say(error, error_size, "out of memory");
    return NULL;
  }
  m->host = host->host;
  m->log = host->log;
  if (host->size >= offsetof(struct naclk_host, options) + sizeof host->options) m->options = host->options;
  return m;
}

int netdata_aclk_start(struct naclk_module *m, char *error, size_t error_size) {
  if (m == NULL) return -EINVAL;
  if (m->started) {
    say(error, error_size, "already started");
    return -EALREADY;
  }
  m->started = 1;
  m->log(m->host, NACLK_LOG_DAEMON, NACLK_LOG_INFO, str("ACLK: " DISABLED));
  if ((m->options & NACLK_OPTION_CLAIM) != 0 && claim_is_asked_for()) refuse_claim(m);
  return 0;
}

int netdata_aclk_stop(struct naclk_module *m, uint32_t deadline_ms) {
  (void)deadline_ms;
  if (m == NULL) return -EINVAL;
  m->started = 0;
  return 0;
}

void netdata_aclk_destroy(struct naclk_module *m) { free(m); }

int netdata_aclk_notify(struct naclk_module *m, const struct naclk_event *event) {
  return m == NULL || event == NULL ? -EINVAL : 0;
}

int netdata_aclk_command(struct naclk_module *m, struct naclk_str command, naclk_text_fn show, void *ctx) {
  if (m == NULL || show == NULL) return -EINVAL;
  if (is(command, "aclk-state")) {
    (void)show(ctx, str(kStateText));
    return 0;
  }
  if (is(command, "aclk-state json")) {
    (void)show(ctx, str(kStateJson));
    return 0;
  }
  if (is(command, "reload-claiming-state")) {
    refuse_claim(m);
    return 0;
  }
  if (is(command, "unclaim")) {
    (void)show(ctx, str(DISABLED));
    return -EIO;
  }
  return -ENOENT;
}

struct path {
  const char *path;
  const char *method;
  int32_t status;
  const char *content_type;
  const char *body;
};
static const struct path kPaths[] = {
    {"/api/v1/aclk", "GET", 200, "application/json; charset=utf-8", kStateJson},
    {"/api/v1/aclk/text", "GET", 200, "text/plain; charset=utf-8", kStateText},
    {"/api/v1/reload-claiming-state", "POST", 503, "text/plain; charset=utf-8", CANNOT_CLAIM},
};

int netdata_aclk_http(struct naclk_module *m, const struct naclk_http_request *request, naclk_reply_fn show,
                      void *ctx) {
  if (m == NULL || request == NULL || show == NULL) return -EINVAL;
  for (size_t i = 0; i < sizeof kPaths / sizeof *kPaths; ++i) {
    const struct path *p = &kPaths[i];
    if (!is(request->path, p->path)) continue;
    const int served = is(request->method, p->method);
    const struct naclk_reply reply = {.size = sizeof reply,
                                      .status = served ? p->status : 405,
                                      .content_type = str(served ? p->content_type : "text/plain; charset=utf-8"),
                                      .body = str(served ? p->body : "This method is not served here.")};
    (void)show(ctx, &reply);
    return 0;
  }
  return -ENOENT;
}

int netdata_aclk_buildinfo(naclk_text_fn line, void *ctx) {
  static const char *const kLines[] = {
      "    Netdata Cloud:              NO (" ACLK_BUILDINFO_WHY ")",
      "    ACLK:                       NO",
      "    ACLK Next Generation:       NO",
      "    ACLK-NG New Cloud Protocol: NO",
      "    ACLK Legacy:                NO",
      "Netdata Cloud ____ : NO",
      "ACLK (Agent-Cloud Link: MQTT over WebSockets over TLS) _____ : NO",
      "netdata-aclk " ACLK_VERSION ": Netdata Cloud is disabled, built " ACLK_WHY_NOT,
  };
  if (line == NULL) return -EINVAL;
  for (size_t i = 0; i < sizeof kLines / sizeof *kLines; ++i)
    if (line(ctx, str(kLines[i])) != 0) break;
  return 0;
}

int netdata_aclk_buildinfojson(naclk_text_fn show, void *ctx) {
  if (show == NULL) return -EINVAL;
  (void)show(ctx, str("{\"features\":{\"cloud\":false,\"cloud-disabled\":true,\"aclk\":false,\"aclk-ng\":false,"
                      "\"aclk-ng-new-cloud-proto\":false,\"aclk-legacy\":false},\"connectivity\":{\"aclk\":false},"
                      "\"netdata-aclk\":\"" ACLK_VERSION
                      "\",\"status\":\"Netdata Cloud is disabled, built " ACLK_WHY_NOT "\"}"));
  return 0;
}
