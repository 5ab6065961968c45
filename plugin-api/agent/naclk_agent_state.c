/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the agent shows of its link, and asks it: whether it is claimed and online, its claim id, the state for people
 * and in JSON, the build. All of it is the module's word. Functions named __wrap_X are linked in the place of the
 * agent's X. */
#include <daemon/common.h>
#include <json-c/json.h>

#include "naclk_agent.h"
/* needs the others */
#include <daemon/buildinfo.h>

static struct {
  bool online; /* atomic */
  SPINLOCK lock;
  ND_UUID claim_id; /* zero: not claimed */
} state = {.lock = SPINLOCK_INITIALIZER};

/* What the agent shows of its link with each /api/v3/info, as the module last said it: asked for each time, an answer
 * would wait for the link's thread. It is asked again after a second, and when it is known to have changed. */
#define SHOWN_FOR_S 1
static struct {
  SPINLOCK lock;
  struct json_object *cloud; /* NULL: to be asked for */
  time_t since;              /* monotonic */
  unsigned changes;
} shown = {.lock = SPINLOCK_INITIALIZER};

static void show_anew(void) {
  spinlock_lock(&shown.lock);
  json_object_put(shown.cloud);
  shown.cloud = NULL;
  shown.changes++;
  spinlock_unlock(&shown.lock);
}

void naclk_agent_interest(void *host, uint32_t kinds) {
  (void)host;
  __atomic_store_n(&state.online, (kinds & NACLK_INTEREST_NODES) != 0, __ATOMIC_RELAXED);
  show_anew();
  naclk_agent_look_again(); /* who has become online has been claimed */
}

/* -------------------------------------------------------------------------------------------- orders to the module */

static int keep_text(void *ctx, struct naclk_str text) {
  freez(*(char **)ctx);
  *(char **)ctx = naclk_strdupz(text);
  return 0;
}

static char *order(struct naclk_module *module, const char *word) {
  char *answer = NULL;
  (void)netdata_aclk_command(module, naclk_text(word), keep_text, &answer);
  return answer;
}

bool naclk_agent_command(const char *word, char **answer) {
  struct naclk_module *module = naclk_agent_hold();
  if (module == NULL) return false;
  char *said = order(module, word);
  naclk_agent_release();
  show_anew();
  naclk_agent_look_again();
  if (said == NULL) return false;
  *answer = said;
  return true;
}

static char *ask(const char *word, const char *otherwise) {
  char *answer;
  return naclk_agent_command(word, &answer) ? answer : strdupz(otherwise);
}

char *__wrap_aclk_state(void);
NACLK_REPLACES(aclk_state);
char *__wrap_aclk_state(void) { return ask("aclk-state", "ACLK Available: No\n"); }

char *__wrap_aclk_state_json(void);
NACLK_REPLACES(aclk_state_json);
char *__wrap_aclk_state_json(void) { return ask("aclk-state json", "{\"aclk-available\":false}"); }

void naclk_agent_read_state(struct naclk_module *module) {
  char *text = order(module, "aclk-state json");
  if (text == NULL) return;
  struct json_object *json = json_tokener_parse(text), *id = NULL;
  freez(text);
  ND_UUID claim_id = UUID_ZERO;
  if (json != NULL && json_object_object_get_ex(json, "claimed-id", &id) && id != NULL &&
      uuid_parse(json_object_get_string(id), claim_id.uuid) != 0)
    claim_id = UUID_ZERO;
  json_object_put(json);
  spinlock_lock(&state.lock);
  state.claim_id = claim_id;
  spinlock_unlock(&state.lock);
}

/* ---------------------------------------------------------------------------------------- what the agent asks itself
 */

bool __wrap_aclk_online(void);
NACLK_REPLACES(aclk_online);
bool __wrap_aclk_online(void) { return __atomic_load_n(&state.online, __ATOMIC_RELAXED); }

ND_UUID __wrap_claim_id_get_uuid(void);
NACLK_REPLACES(claim_id_get_uuid);
ND_UUID __wrap_claim_id_get_uuid(void) {
  spinlock_lock(&state.lock);
  const ND_UUID id = state.claim_id;
  spinlock_unlock(&state.lock);
  return id;
}

CLAIM_ID __wrap_claim_id_get(void);
NACLK_REPLACES(claim_id_get);
CLAIM_ID __wrap_claim_id_get(void) {
  CLAIM_ID id = {.uuid = __wrap_claim_id_get_uuid()};
  if (!UUIDiszero(id.uuid)) uuid_unparse_lower(id.uuid.uuid, id.str);
  return id;
}

CLAIM_ID __real_rrdhost_claim_id_get(RRDHOST *host);
CLAIM_ID __wrap_rrdhost_claim_id_get(RRDHOST *host);
NACLK_REPLACES(rrdhost_claim_id_get);
CLAIM_ID __wrap_rrdhost_claim_id_get(RRDHOST *host) {
  return host == localhost ? __wrap_claim_id_get() : __real_rrdhost_claim_id_get(host);
}

bool __wrap_is_agent_claimed(void);
NACLK_REPLACES(is_agent_claimed);
bool __wrap_is_agent_claimed(void) { return !UUIDiszero(__wrap_claim_id_get_uuid()); }

/* ONLINE, OFFLINE when claimed; AVAILABLE: it can be claimed. */
CLOUD_STATUS __wrap_cloud_status(void);
NACLK_REPLACES(cloud_status);
CLOUD_STATUS __wrap_cloud_status(void) {
  if (__wrap_aclk_online()) return CLOUD_STATUS_ONLINE;
  return __wrap_is_agent_claimed() ? CLOUD_STATUS_OFFLINE : CLOUD_STATUS_AVAILABLE;
}

/* ------------------------------------------------------------------------------------------------------- claiming */

/* The module claims (NACLK_OPTION_CLAIM), so the agent does not. */
bool __wrap_load_claiming_state(void);
NACLK_REPLACES(load_claiming_state);
bool __wrap_load_claiming_state(void) { return __wrap_is_agent_claimed(); }

bool __wrap_claim_agent(const char *url, const char *token, const char *rooms, const char *proxy, bool insecure);
NACLK_REPLACES(claim_agent);
bool __wrap_claim_agent(const char *url, const char *token, const char *rooms, const char *proxy, bool insecure) {
  (void)url;
  (void)token;
  (void)rooms;
  (void)proxy;
  (void)insecure;
  return false;
}

const char *__wrap_claim_agent_failure_reason_get(void);
NACLK_REPLACES(claim_agent_failure_reason_get);
const char *__wrap_claim_agent_failure_reason_get(void) {
  return "This agent is claimed by the command netdata-aclk claim, or by claim.conf.";
}

CLOUD_STATUS __wrap_claim_reload_and_wait_online(void);
NACLK_REPLACES(claim_reload_and_wait_online);
CLOUD_STATUS __wrap_claim_reload_and_wait_online(void) {
  char *answer;
  if (naclk_agent_command("reload-claiming-state", &answer)) freez(answer);
  return __wrap_cloud_status();
}

/* ----------------------------------------------------------------------------------------- /api/v3/info, the build */

static int keep_body(void *ctx, const struct naclk_reply *reply) { return keep_text(ctx, reply->body); }

static void member_to_json(BUFFER *wb, const char *key, struct json_object *value) {
  switch (json_object_get_type(value)) {
    case json_type_boolean:
      buffer_json_member_add_boolean(wb, key, json_object_get_boolean(value));
      break;
    case json_type_int:
      buffer_json_member_add_int64(wb, key, json_object_get_int64(value));
      break;
    case json_type_double:
      buffer_json_member_add_double(wb, key, json_object_get_double(value));
      break;
    case json_type_object:
      buffer_json_member_add_object(wb, key);
      json_object_object_foreach(value, name, member) { member_to_json(wb, name, member); }
      buffer_json_object_close(wb);
      break;
    default: /* what the module says has no lists */
      buffer_json_member_add_string(wb, key, value == NULL ? NULL : json_object_get_string(value));
  }
}

/* agents[0].cloud of the module's /api/v3/info. */
static struct json_object *cloud_of(struct json_object *info) {
  struct json_object *agents = NULL, *cloud = NULL;
  if (info == NULL || !json_object_object_get_ex(info, "agents", &agents) ||
      !json_object_is_type(agents, json_type_array))
    return NULL;
  struct json_object *first = json_object_array_get_idx(agents, 0);
  return first != NULL && json_object_object_get_ex(first, "cloud", &cloud) ? cloud : NULL;
}

/* To be given back with leave_cloud; NULL when there is no module. */
static struct json_object *ask_for_cloud(void) {
  struct naclk_module *module = naclk_agent_hold();
  if (module == NULL) return NULL;
  char *body = NULL;
  const struct naclk_http_request request = {
      .size = sizeof request, .method = naclk_text("GET"), .path = naclk_text("/api/v3/info")};
  (void)netdata_aclk_http(module, &request, keep_body, &body);
  naclk_agent_release();
  struct json_object *info = body == NULL ? NULL : json_tokener_parse(body);
  freez(body);
  struct json_object *cloud = json_object_get(cloud_of(info));
  json_object_put(info);
  return cloud;
}

static struct json_object *take_cloud(void) {
  const time_t now = now_monotonic_sec();
  spinlock_lock(&shown.lock);
  const unsigned changes = shown.changes;
  struct json_object *cloud = now - shown.since < SHOWN_FOR_S ? json_object_get(shown.cloud) : NULL;
  spinlock_unlock(&shown.lock);
  if (cloud != NULL || (cloud = ask_for_cloud()) == NULL) return cloud;
  spinlock_lock(&shown.lock);
  if (changes == shown.changes) {
    json_object_put(shown.cloud);
    shown.cloud = json_object_get(cloud);
    shown.since = now;
  }
  spinlock_unlock(&shown.lock);
  return cloud;
}

/* json-c counts references without a lock. */
static void leave_cloud(struct json_object *cloud) {
  spinlock_lock(&shown.lock);
  json_object_put(cloud);
  spinlock_unlock(&shown.lock);
}

CLOUD_STATUS __wrap_buffer_json_cloud_status(BUFFER *wb, time_t now_s);
NACLK_REPLACES(buffer_json_cloud_status);
CLOUD_STATUS __wrap_buffer_json_cloud_status(BUFFER *wb, time_t now_s) {
  (void)now_s;
  struct json_object *cloud = take_cloud();
  if (cloud != NULL) member_to_json(wb, "cloud", cloud);
  leave_cloud(cloud);
  return __wrap_cloud_status();
}

static int print_line(void *ctx, struct naclk_str line) {
  (void)ctx;
  printf("%.*s\n", (int)line.len, line.data);
  return 0;
}

void __real_print_build_info(void);
void __wrap_print_build_info(void);
NACLK_REPLACES(print_build_info);
void __wrap_print_build_info(void) {
  __real_print_build_info();
  (void)netdata_aclk_buildinfo(print_line, NULL);
}

/* Parsed once: it is part of each /api/v3/info, and does not change while the agent runs. */
static pthread_once_t build_read = PTHREAD_ONCE_INIT;
static struct json_object *build;

static void read_build(void) {
  char *text = NULL;
  (void)netdata_aclk_buildinfojson(keep_text, &text);
  if (text != NULL) build = json_tokener_parse(text);
  freez(text);
}

void naclk_agent_buildinfo_to_json(BUFFER *wb) {
  (void)pthread_once(&build_read, read_build);
  if (build != NULL) member_to_json(wb, "netdata-aclk", build);
}
