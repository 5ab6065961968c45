/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The module's life in an agent: the start routine of the thread that the agent keeps for its link. The thread makes
 * the module, starts it, and sleeps until the agent ends or what it shows of the link may have changed. The link's work
 * is done by the module's own threads. */
#include <daemon/common.h>

#include "naclk_agent.h"

/* The watcher of the agent's exit gives its link 3 s; the module's goodbye takes 2 s at most. */
#define STOP_MS 2500u

static struct {
  netdata_rwlock_t lock; /* read: the module is used; write: it comes or goes */
  struct naclk_module *module;

  netdata_mutex_t wake_lock;
  netdata_cond_t wake;
  bool quit, look; /* under wake_lock */
  bool made;       /* the locks exist; atomic */
} the;

struct naclk_module *naclk_agent_hold(void) {
  if (!__atomic_load_n(&the.made, __ATOMIC_ACQUIRE)) return NULL;
  netdata_rwlock_rdlock(&the.lock);
  if (the.module != NULL) return the.module;
  netdata_rwlock_rdunlock(&the.lock);
  return NULL;
}

void naclk_agent_release(void) { netdata_rwlock_rdunlock(&the.lock); }

void naclk_agent_notify(enum naclk_event_kind kind, const char *machine_guid) {
  struct naclk_module *module = naclk_agent_hold();
  if (module == NULL) return;
  const struct naclk_event event = {.size = sizeof event, .kind = kind, .machine_guid = naclk_text(machine_guid)};
  (void)netdata_aclk_notify(module, &event);
  naclk_agent_release();
}

static void wake(bool *why) {
  if (!__atomic_load_n(&the.made, __ATOMIC_ACQUIRE)) return;
  netdata_mutex_lock(&the.wake_lock);
  *why = true;
  netdata_cond_signal(&the.wake);
  netdata_mutex_unlock(&the.wake_lock);
}

void naclk_agent_look_again(void) { wake(&the.look); }

/* The agent's exit asks each thread by this. */
static void quit(void *unused) {
  (void)unused;
  wake(&the.quit);
}

static void put(struct naclk_module *module) {
  netdata_rwlock_wrlock(&the.lock);
  the.module = module;
  netdata_rwlock_wrunlock(&the.lock);
}

static struct naclk_module *make(void) {
  const struct naclk_host host = {
      .size = sizeof host,
      .abi = NACLK_ABI,
      .log = naclk_agent_log,
      .config = naclk_agent_config,
      .identity = naclk_agent_identity,
      .directories = naclk_agent_directories,
      .nodes = naclk_agent_nodes,
      .node_info = naclk_agent_node_info,
      .collectors = naclk_agent_collectors,
      .contexts = naclk_agent_contexts,
      .alert_log = naclk_agent_alert_log,
      .active_alerts = naclk_agent_active_alerts,
      .alert_config = naclk_agent_alert_config,
      .query = naclk_agent_query,
      .store_node_id = naclk_agent_store_node_id,
      .interest = naclk_agent_interest,
      .options = NACLK_OPTION_CLAIM | NACLK_OPTION_CHECKS_RIGHTS | (aclklog_enabled ? 0 : NACLK_OPTION_NO_DEBUG),
  };
  char why[256] = "";
  struct naclk_module *module = netdata_aclk_create(&host, why, sizeof why);
  if (module == NULL) nd_log(NDLS_DAEMON, NDLP_ERR, "ACLK: there is no link to Netdata Cloud: %s", why);
  return module;
}

static bool wait_for_work(void) {
  netdata_mutex_lock(&the.wake_lock);
  while (!the.quit && !the.look) netdata_cond_wait(&the.wake, &the.wake_lock);
  the.look = false;
  const bool go_on = !the.quit;
  netdata_mutex_unlock(&the.wake_lock);
  return go_on;
}

static void run(void) {
  struct naclk_module *module = make();
  if (module == NULL) return;
  put(module);
  char why[256] = "";
  if (netdata_aclk_start(module, why, sizeof why) != 0)
    nd_log(NDLS_DAEMON, NDLP_ERR, "ACLK: the link to Netdata Cloud does not start: %s", why);
  do naclk_agent_read_state(module);
  while (wait_for_work());
  (void)netdata_aclk_stop(module, STOP_MS);
  put(NULL);
  netdata_aclk_destroy(module);
}

static void ended(void *pptr) {
  struct netdata_static_thread *thread = CLEANUP_FUNCTION_GET_PTR(pptr);
  if (thread != NULL) thread->enabled = NETDATA_MAIN_THREAD_EXITED;
}

/* What the table of the agent's threads calls: aclk_main is linked as this. */
void __wrap_aclk_main(void *ptr);
void __wrap_aclk_main(void *ptr) {
  CLEANUP_FUNCTION_REGISTER(ended) cleanup = ptr;
  netdata_rwlock_init(&the.lock);
  netdata_mutex_init(&the.wake_lock);
  netdata_cond_init(&the.wake);
  __atomic_store_n(&the.made, true, __ATOMIC_RELEASE);
  /* First of the services that end, with the web server: what the hooks read is there until the module is gone. */
  service_register(quit, NULL, NULL);
  if (service_running(SERVICE_ACLK | ABILITY_WEB_REQUESTS)) run();
}
