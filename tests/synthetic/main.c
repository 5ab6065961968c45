/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * aclk-synthetic: the module over a made-up database. Says "SYNTHETIC ready machine_guid=... nodes=..." on stdout, then
 * runs until SIGTERM, SIGINT or --run-seconds. SIGUSR1 prints aclk-state, SIGUSR2 the same as JSON in one line, SIGHUP
 * reads cloud.d again, SIGWINCH pauses the transitions of alerts or lets them go on, SIGPWR tells that the machine has
 * slept; SIGALRM and SIGQUIT run the commands reload-claiming-state and unclaim. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <netdata-aclk/plugin.h>

#include "tests/synthetic/create_module.h"
#include "tests/synthetic/hooks.h"

static const char usage[] =
    "aclk-synthetic --lib-dir DIR [options]\n"
    "  --lib-dir DIR         library directory: the claim is in DIR/cloud.d\n"
    "  --nodes N             nodes, the local one included (1)\n"
    "  --contexts M          contexts of each node (10)\n"
    "  --alerts K            alerts of each node (0)\n"
    "  --alert-rate R        transitions per second over all nodes (0)\n"
    "  --alert-total N       transitions after which no more happen (no end)\n"
    "  --seed S              another database for each (1)\n"
    "  --epoch SECONDS       when the database began, 1970 UTC (now)\n"
    "  --log-capacity N      transitions remembered for each node (10000)\n"
    "  --query-bytes B       size of answers that do not ask for one with bytes=N (as they come)\n"
    "  --query-delay-ms D    time for answers that do not ask for one with delay_ms=N (0)\n"
    "  --answer-later        queries are answered by a thread of the host, not by the module's workers\n"
    "  --read-later          nodes, contexts and alerts, too: the hook read\n"
    "  --reading-ends N      how often the host ends each of these readings; 1 is right (1)\n"
    "  --cloud-option K=V    a key of netdata.conf [cloud], such as \"query threads=1\"; up to 15 times\n"
    "  --divide-deadlines-by N  of the link's requests, acknowledgements and so on (1)\n"
    "  --divide-pauses-by N  of the link's waits between attempts (1)\n"
    "  --claim               the module makes the claims that are written down; claim.conf is in the library "
    "directory\n"
    "  --show-guid           prints the machine guid that this seed gives the local node, and ends\n"
    "  --run-seconds T       ends after T seconds (runs until a signal)\n";

struct arguments {
  struct hooks_options host;
  struct time_divisors divisors;
  uint64_t run_seconds;
  int show_guid;
};

/* Decimal, at most `max`. */
static int number(const char *text, uint64_t max, uint64_t *out) {
  char *end = NULL;
  errno = 0;
  const unsigned long long n = strtoull(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || n > max) return -1;
  *out = n;
  return 0;
}

static int rate(const char *text, double *out) {
  char *end = NULL;
  *out = strtod(text, &end);
  return end == text || *end != '\0' || !(*out >= 0.0 && *out <= 1e6) ? -1 : 0;
}

static int number32(const char *text, uint32_t *out) {
  uint64_t n = 0;
  if (number(text, UINT32_MAX, &n) != 0) return -1;
  *out = (uint32_t)n;
  return 0;
}

static int divisor(const char *text, uint32_t *out) { return number32(text, out) != 0 || *out == 0 ? -1 : 0; }

/* 0, or -1 after a sentence on stderr. */
static int read_arguments(int argc, char **argv, struct arguments *a) {
  static const struct option options[] = {
      {"lib-dir", required_argument, NULL, 'l'},
      {"nodes", required_argument, NULL, 'n'},
      {"contexts", required_argument, NULL, 'c'},
      {"alerts", required_argument, NULL, 'a'},
      {"alert-rate", required_argument, NULL, 'r'},
      {"seed", required_argument, NULL, 's'},
      {"epoch", required_argument, NULL, 'e'},
      {"log-capacity", required_argument, NULL, 'p'},
      {"query-bytes", required_argument, NULL, 'b'},
      {"query-delay-ms", required_argument, NULL, 'd'},
      {"answer-later", no_argument, NULL, 'L'},
      {"read-later", no_argument, NULL, 'R'},
      {"reading-ends", required_argument, NULL, 'E'},
      {"run-seconds", required_argument, NULL, 't'},
      {"alert-total", required_argument, NULL, 'o'},
      {"show-guid", no_argument, NULL, 'g'},
      {"cloud-option", required_argument, NULL, 'k'},
      {"divide-deadlines-by", required_argument, NULL, 'D'},
      {"divide-pauses-by", required_argument, NULL, 'P'},
      {"claim", no_argument, NULL, 'm'},
      {NULL, 0, NULL, 0},
  };
  struct hooks_options *h = &a->host;
  size_t options_count = 0;
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    int bad = 0;
    switch (c) {
      case 'l':
        h->lib_dir = optarg;
        break;
      case 'n':
        bad = number32(optarg, &h->db.nodes);
        break;
      case 'c':
        bad = number32(optarg, &h->db.contexts);
        break;
      case 'a':
        bad = number32(optarg, &h->db.alerts);
        break;
      case 'r':
        bad = rate(optarg, &h->alert_rate);
        break;
      case 'o':
        bad = number(optarg, UINT64_MAX, &h->alert_total);
        break;
      case 's':
        bad = number(optarg, UINT64_MAX, &h->db.seed);
        break;
      case 'e':
        bad = number(optarg, UINT32_MAX, &h->db.start_s);
        break;
      case 'p':
        bad = number32(optarg, &h->db.log_capacity);
        break;
      case 'b':
        bad = number(optarg, UINT32_MAX, &h->query_bytes);
        break;
      case 'd':
        bad = number32(optarg, &h->query_delay_ms);
        break;
      case 'L':
        h->answer_later = 1;
        break;
      case 'R':
        h->read_later = 1;
        break;
      case 'E':
        bad = number32(optarg, &h->reading_ends);
        break;
      case 'D':
        bad = divisor(optarg, &a->divisors.deadlines);
        break;
      case 'P':
        bad = divisor(optarg, &a->divisors.pauses);
        break;
      case 'm':
        h->claims = 1;
        break;
      case 'g':
        a->show_guid = 1;
        break;
      case 'k':
        bad = options_count + 1 < sizeof h->cloud_options / sizeof h->cloud_options[0] ? 0 : 1;
        if (bad == 0) h->cloud_options[options_count++] = optarg;
        break;
      case 't':
        bad = number(optarg, UINT32_MAX, &a->run_seconds);
        break;
      default:
        bad = 1; /* getopt has said it */
    }
    if (bad < 0) fprintf(stderr, "aclk-synthetic: \"%s\" is not a number in range.\n", optarg);
    if (bad != 0) return -1;
  }
  if (h->lib_dir != NULL && optind == argc) return 0;
  fprintf(stderr, "aclk-synthetic: give --lib-dir, and nothing but options.\n");
  return -1;
}

static int print_text(void *ctx, struct naclk_str text) {
  (void)ctx;
  printf("%.*s\n", (int)text.len, text.data);
  return 0;
}

static void run_command(struct naclk_module *module, struct naclk_str command) {
  const int r = netdata_aclk_command(module, command, print_text, NULL);
  if (r != 0) printf("%s: %s\n", command.data, strerror(-r));
  fflush(stdout);
}

/* Serves signals until it is time to stop. */
static void serve(struct naclk_module *module, struct synthetic_host *host, const sigset_t *signals,
                  uint64_t run_seconds) {
  const time_t never = 0;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const time_t end = run_seconds == 0 ? never : now.tv_sec + (time_t)run_seconds;
  for (;;) {
    int got = 0;
    if (end == never) {
      sigwait(signals, &got);
    } else {
      clock_gettime(CLOCK_MONOTONIC, &now);
      if (now.tv_sec >= end) return;
      got = sigtimedwait(signals, NULL, &(struct timespec){.tv_sec = end - now.tv_sec});
    }
    if (got == SIGTERM || got == SIGINT) return;
    if (got == SIGUSR1) run_command(module, (struct naclk_str){"aclk-state", 10});
    if (got == SIGUSR2) run_command(module, (struct naclk_str){"aclk-state json", 15});
    if (got == SIGALRM) run_command(module, (struct naclk_str){"reload-claiming-state", 21});
    if (got == SIGQUIT) run_command(module, (struct naclk_str){"unclaim", 7});
    if (got == SIGWINCH) synthetic_host_pause_alerts(host);
    if (got == SIGHUP || got == SIGPWR) {
      const struct naclk_event event = {.size = sizeof event,
                                        .kind = got == SIGHUP ? NACLK_EVENT_CLAIM : NACLK_EVENT_RESUMED};
      (void)netdata_aclk_notify(module, &event);
    }
  }
}

/* The life of a module; 0 or 1. */
static int run(const struct arguments *a, struct synthetic_host *host, const sigset_t *signals) {
  char error[512] = "";
  const struct naclk_host table = synthetic_host_table(host);
  struct naclk_module *module = synthetic_create_module(&table, a->divisors, error, sizeof error);
  if (module == NULL) {
    fprintf(stderr, "aclk-synthetic: %s\n", error);
    return 1;
  }
  int status = 1;
  if (netdata_aclk_start(module, error, sizeof error) != 0) {
    fprintf(stderr, "aclk-synthetic: %s\n", error);
  } else if (synthetic_host_start_alerts(host, module) != 0) {
    fprintf(stderr, "aclk-synthetic: the thread that makes alerts does not start.\n");
  } else {
    printf("SYNTHETIC ready machine_guid=%s nodes=%u\n", synthetic_db_guid(synthetic_host_db(host), 0),
           synthetic_db_nodes(synthetic_host_db(host)));
    fflush(stdout);
    serve(module, host, signals, a->run_seconds);
    status = 0;
  }
  synthetic_host_stop_alerts(host);
  if (netdata_aclk_stop(module, 3000) != 0 && status == 0) {
    fprintf(stderr, "aclk-synthetic: the module did not stop in time.\n");
    status = 1;
  }
  synthetic_host_stop_answers(host);
  netdata_aclk_destroy(module);
  return status;
}

int main(int argc, char **argv) {
  struct arguments a = {.divisors = {1, 1},
                        .host.db = {.seed = 1, .nodes = 1, .contexts = 10, .start_s = (uint64_t)time(NULL)},
                        .host.reading_ends = 1};
  if (read_arguments(argc, argv, &a) != 0) {
    fputs(usage, stderr);
    return 2;
  }
  static char states[1 << 20];
  setvbuf(stdout, states, _IOFBF, sizeof states); /* a state is one write: the log goes to the same file */
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  sigaddset(&signals, SIGWINCH);
  sigaddset(&signals, SIGPWR);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGUSR2);
  sigaddset(&signals, SIGALRM);
  sigaddset(&signals, SIGQUIT);
  pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread exists: they inherit it */
  signal(SIGPIPE, SIG_IGN);

  struct synthetic_host *host = synthetic_host_create(&a.host);
  if (host == NULL) {
    fprintf(stderr, "aclk-synthetic: out of memory, or --nodes, --contexts or --alerts is not below 100001.\n");
    return 1;
  }
  if (a.show_guid) {
    puts(synthetic_db_guid(synthetic_host_db(host), 0));
    synthetic_host_free(host);
    return 0;
  }
  const int status = run(&a, host, &signals);
  synthetic_host_free(host);
  return status;
}
