/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * netdata-aclk: the agent-cloud link as a module.
 *
 * A *host* owns a monitoring database (an agent, a plugin beside an agent, a test program). The *module* connects it
 * to the cloud. They meet here and nowhere else. The header is valid C11 and C++20.
 *
 * Life of a module:
 *
 *     struct naclk_host host = { .size = sizeof host, .abi = NACLK_ABI, .host = me, .log = ..., ... };
 *     struct naclk_module *m = netdata_aclk_create(&host, error, sizeof error);   // copies `host`
 *     netdata_aclk_start(m, error, sizeof error);        // threads exist from here, if claimed and enabled
 *     netdata_aclk_notify(m, &event);                     // any thread, any time
 *     netdata_aclk_stop(m, 3000);                         // says goodbye to the cloud; threads are gone on return
 *     netdata_aclk_destroy(m);
 *
 * Conventions
 *  1. Every struct that crosses the border begins with `size`, set by whoever fills it to sizeof the struct as it was
 *     compiled there. The reader uses only fields that lie inside `size`; a shorter struct means the rest is zero.
 *     New fields are added at the end and raise the minor version. Anything else raises the major version.
 *  2. Text is UTF-8 in a naclk_str: pointer and length, not terminated; len 0 is "none" and its pointer may be NULL.
 *  3. Memory belongs to whoever made it and is valid only during the call that shows it. Both sides copy what they
 *     keep. Nothing is freed across the border.
 *  4. A hook returns 0 or a negated errno (-ENOENT: no such node or thing; -ENOTSUP: this host cannot; -ECANCELED:
 *     interrupted; -ETIME: deadline passed; -EAGAIN: the database is away now, ask again). After a failure what
 *     visitors were already shown stays valid, and the module treats the listing as incomplete.
 *  5. Visitors are called on the thread that called the hook, before it returns (what the hook read shows has rules of
 * its own: struct naclk_read). A visitor returns 0 to go on; any other value ends the listing and the hook returns 0.
 *  6. Threads. "worker": one of the module's own threads, never its loop thread; the hook may block up to its
 *     deadline (10 s where none is given). Hooks marked "worker" are called by several workers at once. A link that
 *     begins anew (a reload) waits 2 s for hooks that the old one has called; then it connects, and calls no hook but
 *     query, until they have come back.
 *     "any": may be called from every thread, must not block. "link": the module's loop thread, must not block.
 *  7. Neither side throws or longjmps through the border. No function here may be called from inside a hook, save
 *     netdata_aclk_notify and what the hook was given.
 *  8. UUIDs are lower case with dashes, 36 characters. Times named _s are seconds, _us microseconds since 1970 UTC.
 */
#ifndef NETDATA_ACLK_PLUGIN_H
#define NETDATA_ACLK_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NACLK_ABI_MAJOR 2u
#define NACLK_ABI_MINOR 2u
/* What this header describes. Equal majors are compatible; the smaller minor decides what can be used. */
#define NACLK_ABI ((NACLK_ABI_MAJOR << 16) | NACLK_ABI_MINOR)

#if defined(__GNUC__)
#define NACLK_EXPORT __attribute__((visibility("default")))
#else
#define NACLK_EXPORT
#endif

/* ------------------------------------------------------------------------------------------------ common values */

struct naclk_str {
  const char *data;
  size_t len;
};

/* One key with its value: a host label, a request header. */
struct naclk_pair {
  struct naclk_str key;
  struct naclk_str value;
};

/* Something this host or node can do, as the cloud understands it. version 0 = cannot. */
struct naclk_capability {
  struct naclk_str name;
  uint32_t version;
  int32_t enabled;
};

enum naclk_log_level {
  NACLK_LOG_DEBUG = 0,
  NACLK_LOG_INFO = 1,
  NACLK_LOG_NOTICE = 2,
  NACLK_LOG_WARNING = 3,
  NACLK_LOG_ERROR = 4
};

/* What somebody at the other end of the link listens to just now. */
enum naclk_interest {
  NACLK_INTEREST_NODES = 1,    /* the link is up */
  NACLK_INTEREST_CONTEXTS = 2, /* the cloud streams, or compares, contexts of some node */
  NACLK_INTEREST_ALERTS = 4    /* the cloud streams alert transitions of some node */
};

/* What a host may ask of the module beyond its link. */
enum naclk_option {
  /* Make the claims that are written down: user_config/claim.conf, NETDATA_CLAIM_TOKEN and its like in the environment,
   * lib/cloud.d/token and rooms; at start, at "reload-claiming-state", and at once when these files or those of the
   * identity in cloud.d change, which then needs no NACLK_EVENT_CLAIM. It takes one thread that sleeps while nothing
   * changes. Asking the cloud is the only thing for which it opens a socket or resolves a name, and it does not ask
   * while the node is claimed, switched off, or nothing is written down. A host without this option claims by itself,
   * or by the command netdata-aclk claim. */
  NACLK_OPTION_CLAIM = 1,
  /* The host throws lines of NACLK_LOG_DEBUG for error.log and debug.log away: those of debug.log are not even made.
   * Lines for access.log come whatever their level. */
  NACLK_OPTION_NO_DEBUG = 2,
  /* The hook query never blocks: it is called on the link's own thread, and no thread is kept for queries. Without this
   * option there are query_threads workers for it, and it may block up to the deadline. */
  NACLK_OPTION_QUERY_NEVER_BLOCKS = 4,
  /* The host answers each question as the user whom its headers name, with that user's rights and no more: it may be
   * asked to call functions (/api/vN/function), which are refused otherwise. Since 2.1. */
  NACLK_OPTION_CHECKS_RIGHTS = 8
};

/* Which of the agent's logs a line belongs to: error.log/daemon.log, access.log, debug.log. */
enum naclk_log_source { NACLK_LOG_DAEMON = 0, NACLK_LOG_ACCESS = 1, NACLK_LOG_TRACE = 2 };

/* ---------------------------------------------------------------------------------- what a host tells of itself */

struct naclk_identity {
  size_t size;
  struct naclk_str machine_guid;      /* UUID of the local node */
  struct naclk_str hostname;          /* of the local node */
  struct naclk_str registry_hostname; /* shown to the cloud when claiming; empty = hostname */
  struct naclk_str agent_version;     /* with the leading v: v1.37.1 */
  /* What the agent can do, in the order to be sent; names and versions are the cloud's, such as {"ctx", 1, 1}. */
  const struct naclk_capability *capabilities;
  size_t capability_count;
  uint32_t query_threads; /* queries this host wants to serve at once; 0 = the module's default */
};

struct naclk_directories {
  size_t size;
  struct naclk_str user_config; /* netdata.conf lives here */
  struct naclk_str lib;         /* cloud.d/ is made in here: keys, claim, durable state */
  struct naclk_str log;
  struct naclk_str run; /* empty = none */
};

/* A node: the local machine, a streamed child, a virtual node. */
struct naclk_node {
  size_t size;
  struct naclk_str machine_guid;
  struct naclk_str hostname;
  int32_t hops;           /* 0 = local, 1 = direct child or virtual node, ... */
  int32_t local;          /* 1 for the node that the host runs on */
  int32_t live;           /* its data is being collected or received now */
  int32_t replicating;    /* past data is still coming in: its liveness is not reported yet */
  int32_t health_enabled; /* alerts are evaluated for it here */
  int32_t ml_capable;     /* machine learning of this host for this node */
  int32_t ml_enabled;
  /* What can be asked of this node here, in the order to be sent; as the agent's. */
  const struct naclk_capability *capabilities;
  size_t capability_count;
};

/* Facts about a node. Unknown text is empty; the module sends what the protocol wants then. */
struct naclk_node_info {
  size_t size;
  struct naclk_str name; /* host name */
  struct naclk_str os;   /* "linux" */
  struct naclk_str os_name;
  struct naclk_str os_version;
  struct naclk_str kernel_name;
  struct naclk_str kernel_version;
  struct naclk_str architecture;
  uint32_t cpus;
  struct naclk_str cpu_frequency_hz; /* decimal integer */
  struct naclk_str memory_bytes;     /* decimal integer */
  struct naclk_str disk_bytes;       /* decimal integer */
  struct naclk_str version;          /* of the agent on that node, with v */
  struct naclk_str release_channel;  /* stable, nightly */
  struct naclk_str timezone;         /* abbreviation: UTC */
  struct naclk_str virtualization;
  struct naclk_str container;
  struct naclk_str custom_info;
  int32_t own_ml_capable; /* what the node says of itself */
  int32_t own_ml_enabled;
  const struct naclk_pair *labels;
  size_t label_count;
};

struct naclk_collector {
  size_t size;
  struct naclk_str plugin;
  struct naclk_str module; /* may be empty */
};

/* A context: the metadata of all charts of one kind on one node. No metric values. */
struct naclk_context {
  size_t size;
  struct naclk_str id; /* system.cpu */
  struct naclk_str title;
  struct naclk_str units;
  struct naclk_str family;
  struct naclk_str chart_type; /* line, area, stacked, heatmap */
  uint64_t priority;
  uint64_t first_s;  /* first second with data, 0 = not known yet */
  uint64_t last_s;   /* last second with data; not used while collected */
  int32_t collected; /* data is coming in now */
};

/* As the health engine names them; the numbers are those of the wire. */
enum naclk_alert_status {
  NACLK_ALERT_UNKNOWN = 1, /* uninitialized */
  NACLK_ALERT_REMOVED = 2,
  NACLK_ALERT_NOT_A_NUMBER = 3, /* undefined */
  NACLK_ALERT_CLEAR = 4,
  NACLK_ALERT_WARNING = 5,
  NACLK_ALERT_CRITICAL = 6
};

/* One transition of one alert, or (from active_alerts) the last transition of each alert that exists. */
struct naclk_alert {
  size_t size;
  uint64_t log_id;                /* position in the node's alert log: strictly rising; 0 = not known */
  struct naclk_str alert_id;      /* what stays the same over all transitions of this alert on this node */
  uint64_t event_id;              /* counter of this alert's transitions; 0 = not known */
  struct naclk_str transition_id; /* UUID; empty = the module derives a stable one */
  struct naclk_str config_hash;   /* UUID of the definition; must be accepted by alert_config */
  struct naclk_str name;
  struct naclk_str chart; /* chart id */
  struct naclk_str chart_name;
  struct naclk_str context;
  struct naclk_str summary;
  struct naclk_str info;        /* variables expanded */
  struct naclk_str units;       /* [reserved] not read: values have their unit in their *_string */
  struct naclk_str exec;        /* notification command */
  struct naclk_str conf_source; /* line=4,file=/... */
  struct naclk_str command;     /* the shell command that edits the definition */
  struct naclk_str timezone;
  int32_t utc_offset_s;
  uint64_t when_s;
  int64_t duration_s;           /* spent in the old status */
  int64_t non_clear_duration_s; /* raised altogether */
  uint32_t status;              /* enum naclk_alert_status */
  uint32_t old_status;
  uint64_t delay_s;
  uint64_t delay_up_to_s;
  uint64_t last_repeat_s;
  int32_t silenced;
  int32_t superseded; /* a later transition of this alert exists */
  int32_t variable;   /* the definition has neither a warning nor a critical expression: never sent */
  double value;       /* NaN = none */
  double old_value;
  struct naclk_str value_string;
  struct naclk_str old_value_string;
};

/* What the alert log looks like after a reading. */
struct naclk_alert_log_end {
  size_t size;
  uint64_t last_log_id; /* continue after this one */
  int32_t gap;          /* entries between `after` and the first one shown are gone, or ids started anew */
};

/* The definition of an alert. */
struct naclk_alert_config {
  size_t size;
  struct naclk_str config_hash;
  struct naclk_str alarm; /* exactly one of alarm and template_name */
  struct naclk_str template_name;
  struct naclk_str on_chart;
  struct naclk_str classification;
  struct naclk_str type;
  struct naclk_str component;
  struct naclk_str os;
  struct naclk_str hosts;
  struct naclk_str plugin;
  struct naclk_str module;
  struct naclk_str charts;
  struct naclk_str lookup;
  struct naclk_str every; /* seconds as text */
  struct naclk_str units;
  struct naclk_str green;
  struct naclk_str red;
  struct naclk_str calculation_expr;
  struct naclk_str warning_expr;
  struct naclk_str critical_expr;
  struct naclk_str recipient;
  struct naclk_str exec;
  struct naclk_str delay;
  struct naclk_str repeat;
  struct naclk_str info;
  struct naclk_str summary;
  struct naclk_str options;
  struct naclk_str host_labels;
  struct naclk_str chart_labels;
  int32_t has_lookup; /* the next fields are meant */
  int32_t lookup_after;
  int32_t lookup_before;
  struct naclk_str lookup_dimensions;
  struct naclk_str lookup_method;
  struct naclk_str lookup_options;
  int32_t update_every_s;
};

/* --------------------------------------------------------------------------------------------------- the query */

struct naclk_reply {
  size_t size;
  int32_t status; /* HTTP status of the database's answer; an error status is an answer too */
  struct naclk_str content_type;
  struct naclk_str content_encoding; /* empty or gzip; the body is then passed on untouched */
  struct naclk_str cache_control;    /* empty = no-cache */
  struct naclk_str body;

  /* Since 2.1, of the answer to a query; netdata_aclk_abi() says what the module knows. [may be NULL] The body is lent
   * and not copied: it stays where it is, unchanged by the host, until the module calls release(lent): once for each
   * reply that it was shown, used or not, from any thread, before netdata_aclk_destroy returns at the latest. It must
   * not block, and calls nothing here. */
  void (*release)(void *lent);
  void *lent;
  /* Of a body that is lent: so many bytes right before it are the module's to write, which puts the head of the reply
   * there. With less than the head takes (some 700 bytes; 2048 are always enough but for texts of absurd length) the
   * body is copied. */
  size_t head_room;
};

/* Names one thing that the host was asked for. Two words, not to be looked into: copy them to answer later. They may be
 * used until netdata_aclk_destroy returns, however often: after the answer they name nothing, and nothing happens. */
struct naclk_request {
  void *module;
  uint64_t id;
};

/* A question, and the way back of its answer. What it points at is valid only during the hook's call; `request` and the
 * functions, which are the same for every question of a module, stay. */
struct naclk_query {
  size_t size;
  struct naclk_str machine_guid; /* the node that is asked; empty = the local one */
  struct naclk_str method;       /* GET, POST, PUT, DELETE */
  struct naclk_str target;       /* /api/... with its query string; node prefix removed; already allowed */
  struct naclk_str body;
  /* Identity and rights of the cloud's user (X-Netdata-...), Content-Type, X-Transaction-ID. */
  const struct naclk_pair *headers;
  size_t header_count;
  int32_t accept_gzip;  /* the asker takes Content-Encoding: gzip */
  uint32_t deadline_ms; /* from the call; always set */
  uint64_t max_bytes;   /* a body larger than this is of no use: stop early with -EMSGSIZE */
  uint64_t received_us; /* when the question arrived */

  struct naclk_request request;
  /* Answers the question: 0 with a reply, or a negated errno without one (beside those of 4.: -EBUSY, the deadline has
   * passed before the work on it began; -EMSGSIZE). To be called exactly once, from any thread,
   * inside the hook or after it. It copies the reply, makes it ready to be sent (it may compress the body), and comes
   * back; it never waits for the network and never calls the host. A second answer is ignored, and said once in the
   * log. When none has come 2 s after the deadline, the cloud is answered 504 and a later one is ignored. */
  void (*complete)(struct naclk_request request, int error, const struct naclk_reply *reply);
  /* Ask often (each 100 ms or at each row) where the work is done: non-zero = the answer is not wanted any more;
   * complete with -ECANCELED. Any thread. */
  int (*interrupted)(struct naclk_request request);
};

/* ---------------------------------------------------------------------------------------------------- the reads */

/* What the hook read is asked for: what the hook of that name gives. */
enum naclk_read_kind {
  NACLK_READ_NODES = 1,
  NACLK_READ_NODE_INFO = 2,
  NACLK_READ_COLLECTORS = 3,
  NACLK_READ_CONTEXTS = 4,
  NACLK_READ_ALERT_LOG = 5,
  NACLK_READ_ACTIVE_ALERTS = 6,
  NACLK_READ_ALERT_CONFIG = 7
};

/* One reading of the host's database, and the way back of what is read. What it points at is valid only during the
 * hook's call; `request` and the functions, which are the same for every reading of a module, stay. Since 2.2. */
struct naclk_read {
  size_t size;
  uint32_t kind;                 /* enum naclk_read_kind; complete one that is not known with -ENOTSUP */
  uint32_t limit;                /* of ALERT_LOG: see the hook alert_log */
  struct naclk_str machine_guid; /* the node; empty for NODES and ALERT_CONFIG */
  struct naclk_str config_hash;  /* of ALERT_CONFIG */
  uint64_t after;                /* of ALERT_LOG */
  uint32_t deadline_ms;          /* from the call; always set */

  struct naclk_request request;
  /* What was read, in the hook or after it, from any thread, for one request by one thread at a time: the function of
   * its kind, once for each thing. Returns 0 to go on; any other value: nothing more is wanted, complete. It copies
   * what it is shown and comes back; it never calls the host. */
  int (*show_node)(struct naclk_request request, const struct naclk_node *node);
  int (*show_node_info)(struct naclk_request request, const struct naclk_node_info *info);
  int (*show_collector)(struct naclk_request request, const struct naclk_collector *collector);
  int (*show_context)(struct naclk_request request, const struct naclk_context *context);
  int (*show_alert)(struct naclk_request request, const struct naclk_alert *alert);
  int (*show_alert_config)(struct naclk_request request, const struct naclk_alert_config *config);
  /* Ends it: 0, or a negated errno as in 4. `end`: of ALERT_LOG after success, else NULL. To be called exactly once,
   * from any thread, after the last thing was shown. It waits for nothing and never calls the host. A second end is
   * ignored, and said once in the log. A reading without an end 2 s after its deadline has failed, and what comes
   * later is ignored. */
  void (*complete)(struct naclk_request request, int error, const struct naclk_alert_log_end *end);
  /* Non-zero: it is not wanted any more (the link ends, the deadline has passed); complete with -ECANCELED. Any
   * thread. */
  int (*interrupted)(struct naclk_request request);
};

/* ---------------------------------------------------------------------------------------------------- visitors */

typedef int (*naclk_text_fn)(void *ctx, struct naclk_str text);
typedef int (*naclk_identity_fn)(void *ctx, const struct naclk_identity *identity);
typedef int (*naclk_directories_fn)(void *ctx, const struct naclk_directories *directories);
typedef int (*naclk_node_fn)(void *ctx, const struct naclk_node *node);
typedef int (*naclk_node_info_fn)(void *ctx, const struct naclk_node_info *info);
typedef int (*naclk_collector_fn)(void *ctx, const struct naclk_collector *collector);
typedef int (*naclk_context_fn)(void *ctx, const struct naclk_context *context);
typedef int (*naclk_alert_fn)(void *ctx, const struct naclk_alert *alert);
typedef int (*naclk_alert_config_fn)(void *ctx, const struct naclk_alert_config *config);
typedef int (*naclk_reply_fn)(void *ctx, const struct naclk_reply *reply);

/* --------------------------------------------------------------------------------------------------- host hooks */

/* What the module calls. `host` is handed back as the first argument of each. Hooks marked [may be NULL] are optional:
 * the module then goes without, or keeps the thing itself. */
struct naclk_host {
  size_t size;
  uint32_t abi; /* NACLK_ABI */
  void *host;

  /* Thread: any. One line, no line feed, already free of secrets. */
  void (*log)(void *host, enum naclk_log_source source, enum naclk_log_level level, struct naclk_str line);

  /* Thread: any. A setting of netdata.conf: section "cloud", key "proxy". -ENOENT when it is not set. Shown once.
   * [cloud] enabled: anything but yes, true, on, auto, on demand in any case, when it is set, switches the module off.
   * Any other negative number: there are settings and they cannot be read (netdata.conf is not readable).
   * They may limit the cloud, so nothing is sent to anybody until NACLK_EVENT_CLAIM finds them readable; what is
   * shown then is the reason, a sentence for people. */
  int (*config)(void *host, struct naclk_str section, struct naclk_str key, naclk_text_fn show, void *ctx);

  /* Thread: any. Must answer before create returns, and must not change while the module exists, save
   * capabilities. Shown once. */
  int (*identity)(void *host, naclk_identity_fn show, void *ctx);
  int (*directories)(void *host, naclk_directories_fn show, void *ctx);

  /* Thread: worker. Every node that this host knows, the local one first, children that are away included. */
  int (*nodes)(void *host, naclk_node_fn visit, void *ctx);

  /* Thread: worker. -ENOENT for an unknown machine guid. Shown once. */
  int (*node_info)(void *host, struct naclk_str machine_guid, naclk_node_info_fn show, void *ctx);

  /* Thread: worker. Distinct (plugin, module) pairs of the charts now visible. */
  int (*collectors)(void *host, struct naclk_str machine_guid, naclk_collector_fn visit, void *ctx);

  /* Thread: worker. All contexts of a node, hidden ones left out. */
  int (*contexts)(void *host, struct naclk_str machine_guid, naclk_context_fn visit, void *ctx);

  /* Thread: worker. Transitions with log_id > after, oldest first, at most `limit`; `end` is filled on success. limit =
   * 0: to the end of the log; a host may leave out all but the newest 20 000 (a gap, unless after = 0). */
  int (*alert_log)(void *host, struct naclk_str machine_guid, uint64_t after, uint32_t limit, naclk_alert_fn visit,
                   void *ctx, struct naclk_alert_log_end *end);

  /* Thread: worker. The present state of every alert of a node, each as its last transition. */
  int (*active_alerts)(void *host, struct naclk_str machine_guid, naclk_alert_fn visit, void *ctx);

  /* Thread: worker. -ENOENT for an unknown hash. Shown once. */
  int (*alert_config)(void *host, struct naclk_str config_hash, naclk_alert_config_fn show, void *ctx);

  /* Thread: worker, up to query_threads at once; may block up to deadline_ms. With NACLK_OPTION_QUERY_NEVER_BLOCKS:
   * link. The answer is given by query->complete(query->request, ...), before this returns or later; up to
   * query_threads questions are without one at a time. */
  void (*query)(void *host, const struct naclk_query *query);

  /* [may be NULL] Thread: worker. Tells the host which node id the cloud gave to a node: for one that shows them in its
   * own API. load_node_id is [reserved]: nobody calls it, because the module keeps node ids itself. */
  int (*store_node_id)(void *host, struct naclk_str machine_guid, struct naclk_str claim_id, struct naclk_str node_id);
  int (*load_node_id)(void *host, struct naclk_str machine_guid, struct naclk_str claim_id, naclk_text_fn show,
                      void *ctx);

  /* [may be NULL] Thread: link. The answer is not wanted any more, and query->interrupted says so from now on: complete
   * soon with -ECANCELED. It may have been completed already by another thread. */
  void (*query_cancelled)(void *host, struct naclk_request request);

  /* [may be NULL] Thread: link. Told when it changes; nothing (0) holds before the
   * first time. A host that has to look for changes may look less often for what nobody listens to, and looks at once
   * when somebody begins to. It must not lose alert transitions over it. */
  void (*interest)(void *host, uint32_t kinds); /* of enum naclk_interest */

  /* [may be 0] Of enum naclk_option. */
  uint32_t options;

  /* [may be NULL] Thread: link. Since 2.2. Reads without a thread of the module that waits for it: read->complete is
   * called before this returns or later. With it the hooks nodes to alert_config are never called and may be NULL.
   * At most 16 readings are without an end at a time, those apart that are long past their deadline. */
  void (*read)(void *host, const struct naclk_read *read);
};

/* -------------------------------------------------------------------------------------------------- the module */

struct naclk_module;

enum naclk_event_kind {
  NACLK_EVENT_NODES = 1,     /* a node came, went, or changed its state; machine_guid may be empty: look at all */
  NACLK_EVENT_NODE_INFO = 2, /* facts or labels of a node changed */
  NACLK_EVENT_COLLECTORS = 3,
  NACLK_EVENT_CONTEXTS = 4, /* contexts of a node changed */
  NACLK_EVENT_ALERTS = 5,   /* the alert log of a node grew */
  NACLK_EVENT_CLAIM = 6,    /* cloud.d or its configuration changed: read it again */
  NACLK_EVENT_RESUMED = 7   /* the machine slept */
};

struct naclk_event {
  size_t size;
  uint32_t kind; /* enum naclk_event_kind; unknown kinds are ignored */
  struct naclk_str machine_guid;
};

struct naclk_http_request {
  size_t size;
  struct naclk_str method; /* GET, POST */
  struct naclk_str path;   /* /api/v1/aclk */
  struct naclk_str query;  /* without the question mark */
};

/* The ABI this module was built with, as NACLK_ABI. Thread: any. */
NACLK_EXPORT uint32_t netdata_aclk_abi(void);

/* Makes a module that is not running. `host` is copied; what host->host points at must outlive the module.
 * Returns NULL and a sentence in error (terminated, cut to error_size) when the ABI majors differ, a compulsory hook is
 * missing, or identity and directories do not answer. Thread: any. */
NACLK_EXPORT struct naclk_module *netdata_aclk_create(const struct naclk_host *host, char *error, size_t error_size);

/* Reads cloud.d and begins to work if the node is claimed and the link is enabled; otherwise there is no thread (but
 * for that of NACLK_OPTION_CLAIM), no socket and no DNS query until NACLK_EVENT_CLAIM, or what that option watches,
 * says that this may have changed. Returns 0 in both cases; -EALREADY when started; -EBUSY: see stop; -EIO: no durable
 * state. error says why then. Thread: one at a time. */
NACLK_EXPORT int netdata_aclk_start(struct naclk_module *module, char *error, size_t error_size);

/* Tells the cloud, waits for its acknowledgement at most 2 s and for all threads at most deadline_ms (at least 100).
 * Returns 0, or -ETIME when a hook of the host did not come back in time, or the request of a claim, which takes about
 * a second to give up (NACLK_OPTION_CLAIM); threads that still sit in it then end by themselves: until then start gives
 * -EBUSY, and destroy waits. Thread: one at a time, not from a hook. */
NACLK_EXPORT int netdata_aclk_stop(struct naclk_module *module, uint32_t deadline_ms);

/* Stops if need be and frees. NULL is allowed. */
NACLK_EXPORT void netdata_aclk_destroy(struct naclk_module *module);

/* Tells the module that something changed. Never waits for the network or a worker. While there is no link,
 * NACLK_EVENT_CLAIM reads cloud.d and calls the hooks config and log on this thread: hold no lock that they take.
 * Thread: any, hooks included. Returns 0; -EINVAL. */
NACLK_EXPORT int netdata_aclk_notify(struct naclk_module *module, const struct naclk_event *event);

/* Runs a command and shows its answer: "aclk-state", "aclk-state json", "reload-claiming-state", and "aclk-statistics",
 * the numbers that charts are made of (aclk/report/traffic.h), for one regular asker; "unclaim", what
 * netdata-aclk unclaim does: the link says goodbye and ends, key, claim and durable state go, and a line stays that
 * keeps what is written down from bringing the claim back. Returns 0; -ENOENT for an unknown command; -ETIME; -EIO when
 * unclaiming failed, with the reason shown. Blocks at most 2 s, unclaim 5 s (after that it still happens). Thread: any
 * but hooks. */
NACLK_EXPORT int netdata_aclk_command(struct naclk_module *module, struct naclk_str command, naclk_text_fn show,
                                      void *ctx);

/* Serves a path of the agent's local web API that is the link's: GET /api/v1/aclk (JSON) and /api/v1/aclk/text, the
 * state; GET /api/v1/aclk/what-is-sent, the messages by type; GET /api/v3/info, of which agents[0].cloud; POST
 * /api/v1/reload-claiming-state. Blocks at most 2 s; the last one takes the order and does not wait for what comes of
 * it, but while there is no link calls the hooks config and log on this thread, as NACLK_EVENT_CLAIM does. Returns 0
 * with the reply shown (405 included); -ENOENT when the path is not ours. */
NACLK_EXPORT int netdata_aclk_http(struct naclk_module *module, const struct naclk_http_request *request,
                                   naclk_reply_fn show, void *ctx);

/* The lines of `netdata -W buildinfo` about this module, one call per line. Thread: any. */
NACLK_EXPORT int netdata_aclk_buildinfo(naclk_text_fn line, void *ctx);

/* The keys of `netdata -W buildinfojson` about this module, of all generations, as one JSON object. Thread: any. */
NACLK_EXPORT int netdata_aclk_buildinfojson(naclk_text_fn show, void *ctx);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* NETDATA_ACLK_PLUGIN_H */
