/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A query of the cloud, answered by the agent's web API as the request of a user of the cloud: with that user's rights,
 * which come with it, so that functions and logs answer as far as they allow. It runs on the module's worker. */
#include <daemon/common.h>
#include <errno.h>
#include <web/api/http_header.h>
#include <web/server/web_client.h>
#include <web/server/web_client_cache.h>

#include "naclk_agent.h"

static HTTP_REQUEST_MODE mode_of(struct naclk_str method) {
  static const struct {
    const char *name;
    HTTP_REQUEST_MODE mode;
  } known[] = {{"POST", HTTP_REQUEST_MODE_POST}, {"PUT", HTTP_REQUEST_MODE_PUT}, {"DELETE", HTTP_REQUEST_MODE_DELETE}};
  for (size_t i = 0; i < _countof(known); i++)
    if (strlen(known[i].name) == method.len && memcmp(known[i].name, method.data, method.len) == 0)
      return known[i].mode;
  return HTTP_REQUEST_MODE_GET;
}

/* What the cloud says of the user: account, role, permissions. */
static void take_headers(struct web_client *w, const struct naclk_query *q) {
  for (size_t i = 0; i < q->header_count; i++) {
    const struct naclk_pair *h = &q->headers[i];
    char *line = mallocz(h->key.len + h->value.len + 5);
    snprintfz(line, h->key.len + h->value.len + 5, "%.*s: %.*s\r\n", (int)h->key.len, h->key.data, (int)h->value.len,
              h->value.data);
    http_header_parse_line(w, line);
    freez(line);
  }
}

static HTTP_CONTENT_TYPE content_type_of(const struct naclk_query *q) {
  for (size_t i = 0; i < q->header_count; i++) {
    if (q->headers[i].key.len != 12 || strncasecmp(q->headers[i].key.data, "Content-Type", 12) != 0) continue;
    char *value = naclk_strdupz(q->headers[i].value);
    const HTTP_CONTENT_TYPE type = content_type_string2id(value);
    freez(value);
    return type;
  }
  return CT_APPLICATION_JSON;
}

static void take_body(struct web_client *w, const struct naclk_query *q) {
  if (q->body.len == 0) return;
  if (w->payload == NULL) w->payload = buffer_create(q->body.len + 1, NULL);
  buffer_flush(w->payload);
  buffer_memcat(w->payload, q->body.data, q->body.len);
  w->payload->content_type = content_type_of(q);
}

static bool not_wanted(struct web_client *w, void *data) {
  (void)w;
  const struct naclk_query *q = data;
  return q->interrupted(q->request) != 0 || exit_initiated_get();
}

static void ask(struct web_client *w, const struct naclk_query *q) {
  web_client_set_conn_cloud(w);
  w->acl = w->port_acl = HTTP_ACL_ACLK | HTTP_ACL_ALL_FEATURES;
  w->mode = mode_of(q->method);
  w->interrupt.callback = not_wanted;
  w->interrupt.callback_data = (void *)q; /* the agent asks it before this returns only */
  /* A question of the cloud that names no permissions is a member's, as the module's access log says (0x1b). */
  web_client_set_permissions(w, HTTP_ACCESS_MAP_OLD_MEMBER, HTTP_USER_ROLE_MEMBER, USER_AUTH_METHOD_CLOUD);
  take_headers(w, q);
  take_body(w, q);

  CLEAN_BUFFER *path = buffer_create(q->target.len + 64, NULL);
  if (q->machine_guid.len != 0) buffer_sprintf(path, "/host/%.*s", (int)q->machine_guid.len, q->machine_guid.data);
  buffer_memcat(path, q->target.data, q->target.len);
  web_client_timeout_checkpoint_set(w, (int)q->deadline_ms);
  web_client_decode_path_and_query_string(w, buffer_tostring(path));
  w->response.code =
      (short)web_client_api_request_with_node_selection(localhost, w, (char *)buffer_tostring(w->url_path_decoded));
}

/* "application/json; charset=utf-8". The agent has it as a header only. */
static struct naclk_str content_type(BUFFER *header, HTTP_CONTENT_TYPE type) {
  static const char name[] = "Content-Type: ";
  buffer_flush(header);
  http_header_content_type(header, type);
  const char *line = buffer_tostring(header);
  if (strncmp(line, name, sizeof name - 1) != 0) return naclk_text(content_type_id2string(type));
  line += sizeof name - 1;
  return (struct naclk_str){line, strcspn(line, "\r\n")};
}

static void complete(struct web_client *w, const struct naclk_query *q) {
  const BUFFER *data = w->response.data;
  if (q->interrupted(q->request)) {
    q->complete(q->request, -ECANCELED, NULL);
  } else if (data->len > q->max_bytes) {
    q->complete(q->request, -EMSGSIZE, NULL);
  } else {
    const struct naclk_reply reply = {
        .size = sizeof reply,
        .status = w->response.code,
        .content_type = content_type(w->response.header_output, data->content_type),
        .cache_control = naclk_text(data->options & WB_CONTENT_NO_CACHEABLE ? "" : "public"),
        .body = {data->buffer, data->len},
    };
    q->complete(q->request, 0, &reply);
  }
}

void naclk_agent_query(void *host, const struct naclk_query *query) {
  (void)host;
  if (exit_initiated_get()) { /* the agent lets go of what answers are made from */
    query->complete(query->request, -ECANCELED, NULL);
    return;
  }
  struct web_client *w = web_client_get_from_cache();
  ask(w, query);
  complete(w, query);
  web_client_release_to_cache(w);
}
