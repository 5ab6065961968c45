/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who this agent is, where its files are, what netdata.conf says, and its logs. */
#include <daemon/common.h>
#include <daemon/config/netdata-conf-cloud.h>
#include <errno.h>

#include "naclk_agent.h"

char *naclk_strdupz(struct naclk_str text) {
  char *copy = mallocz(text.len + 1);
  if (text.len != 0) memcpy(copy, text.data, text.len);
  copy[text.len] = '\0';
  return copy;
}

void naclk_agent_log(void *host, enum naclk_log_source source, enum naclk_log_level level, struct naclk_str line) {
  (void)host;
  static const ND_LOG_FIELD_PRIORITY priorities[] = {NDLP_DEBUG, NDLP_INFO, NDLP_NOTICE, NDLP_WARNING, NDLP_ERR};
  const ND_LOG_FIELD_PRIORITY priority = (size_t)level < _countof(priorities) ? priorities[level] : NDLP_ERR;
  const ND_LOG_SOURCES log = source == NACLK_LOG_ACCESS  ? NDLS_ACCESS
                             : source == NACLK_LOG_TRACE ? NDLS_ACLK
                                                         : NDLS_DAEMON;
  errno = 0; /* which the agent would add to the line */
  nd_log(log, priority, "%.*s", (int)line.len, line.data);
}

int naclk_agent_config(void *host, struct naclk_str section, struct naclk_str key, naclk_text_fn show, void *ctx) {
  (void)host;
  char *in = naclk_strdupz(section);
  char *name = naclk_strdupz(key);
  int result = -ENOENT;
  /* Asking for what is not there would write its default into netdata.conf. */
  if (inicfg_exists(&netdata_config, in, name)) {
    show(ctx, naclk_text(inicfg_get(&netdata_config, in, name, "")));
    result = 0;
  }
  freez(name);
  freez(in);
  return result;
}

int naclk_agent_identity(void *host, naclk_identity_fn show, void *ctx) {
  (void)host;
  size_t count;
  struct naclk_capability *capabilities = naclk_agent_own_capabilities(&count);
  const RRDHOST_METADATA_IDENTITY names = rrdhost_metadata_identity_acquire(localhost);
  const struct naclk_identity identity = {
      .size = sizeof identity,
      .machine_guid = naclk_text(localhost->machine_guid),
      .hostname = naclk_string(names.common.hostname),
      .registry_hostname = naclk_string(names.registry_hostname),
      .agent_version = naclk_text(NETDATA_VERSION),
      .capabilities = capabilities,
      .capability_count = count,
      .query_threads = (uint32_t)netdata_conf_cloud_query_threads(),
  };
  show(ctx, &identity);
  RRDHOST_METADATA_IDENTITY given_back = names;
  rrdhost_metadata_identity_release(&given_back);
  freez(capabilities);
  return 0;
}

int naclk_agent_directories(void *host, naclk_directories_fn show, void *ctx) {
  (void)host;
  const struct naclk_directories directories = {
      .size = sizeof directories,
      .user_config = naclk_text(netdata_configured_user_config_dir),
      .lib = naclk_text(netdata_configured_varlib_dir),
      .log = naclk_text(netdata_configured_log_dir),
      .run = naclk_text(os_run_dir(true)),
  };
  show(ctx, &directories);
  return 0;
}
