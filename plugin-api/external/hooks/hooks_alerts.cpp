// SPDX-License-Identifier: GPL-3.0-or-later
//
// alert_log and active_alerts, for both generations.
#include <fmt/format.h>

#include <algorithm>

#include "plugin-api/external/alerts/read_alerts_v1.h"
#include "plugin-api/external/alerts/read_alerts_v2.h"
#include "plugin-api/external/hooks/hooks.h"
#include "plugin-api/external/json/json_fields.h"

namespace aclk::external::hooks {
namespace {

constexpr unsigned kMaxTransitions = 5000;               // of one answer of 2.x; 7 MB
constexpr std::int64_t kWholeLogSeconds = 30LL * 86400;  // the default retention of 2.x's health log is 5 days
constexpr std::int64_t kSlackSeconds = 3600;             // gi is the clock at insertion, `after` selects by `when`
constexpr std::chrono::minutes kChartsAge{1};

template <class T>
tl::unexpected<Error> again(const Result<T> &r) {
  return tl::unexpected<Error>(r.error());
}

std::string instances_target(const std::string &node) {
  return "/api/v2/alerts?options=summary,instances,values,minify&scope_nodes=" + node;
}

Result<std::vector<Alert>> log_v1(ExternalHost &host, const std::string &node, std::uint64_t after) {
  const auto log = host.get_json(node, fmt::format("/api/v1/alarm_log?after={}", after));
  if (!log) return again(log);
  if (!log->empty()) host.refresh_definitions(node);
  return read_alarm_log(*log, node, host.known_charts(node)->by_name, host.definitions());
}

// 1.x. The entry `after` is asked for too: it tells whether the log is still the one that `after` is of.
Result<LogReading> alert_log_v1(ExternalHost &host, const std::string &node, std::uint64_t after, std::uint32_t limit) {
  const bool possible = after <= UINT32_MAX;  // ids of 1.x have 32 bits, those of 2.x are larger
  auto entries = log_v1(host, node, after == 0 || !possible ? 0 : after - 1);
  if (!entries) return again(entries);
  if (after == 0 || (possible && continues_log(*entries, after, host.log_cursor().anchor(node), host.began_s())))
    return take_log(std::move(*entries), after, limit, false);
  for (const auto &a : *entries)
    if (a.log_id == after) host.log_cursor().shown(node, anchor_of(a));  // a gap is told once
  if (entries->empty()) {
    const auto alarms = host.get_json(node, "/api/v1/alarms?active");
    if (!alarms) return again(alarms);
    const auto latest = uint_of(*alarms, "latest_alarm_log_unique_id");
    // Health has not begun for this node, or the agent keeps no entries at all.
    if (latest == 0 || latest == after) return take_log({}, after, limit, false);
    if (possible) entries = log_v1(host, node, 0);
    if (!entries) return again(entries);
  }
  return take_log(std::move(*entries), after, limit, true);
}

// An agent that has not linked its alerts yet has none, but has a log: that is no list of alerts.
bool is_premature(ExternalHost &host, const std::string &node, const nlohmann::json &alarms) {
  return object_of(alarms, "alarms").empty() && bool_of(alarms, "status") &&
         uint_of(alarms, "latest_alarm_log_unique_id") != 0 && host.is_linking(node);
}

tl::unexpected<Error> not_linked() { return fail(Errc::unavailable, "the agent has not linked its alerts yet"); }

struct PresentV2 {
  std::vector<Alert> alerts;
  bool premature = false;
};

Result<PresentV2> present_v2(ExternalHost &host, const std::string &node) {
  const auto alarms = host.get_json(node, "/api/v1/alarms?all");
  if (!alarms) return again(alarms);
  const auto instances = host.get_json({}, instances_target(node));
  if (!instances) return again(instances);
  learn_alarms(*alarms, node, read_charts_of_instances(*instances), host.definitions());
  PresentV2 p;
  p.alerts =
      read_alert_instances(*instances, node, text_of(*alarms, "hostname"), host.config_dir(), host.definitions());
  p.premature = is_premature(host, node, *alarms);
  return p;
}

Result<DbLog> log_of_db(ExternalHost &host, const std::string &node, std::uint64_t after, std::uint32_t limit) {
  auto db = host.meta_db();
  if (!db) return again(db);
  auto log = read_health_log(*db, node, after, limit);
  if (!log) return log;
  if (log->hostname.empty()) return fail(Errc::not_found, "the node is not in the agent's database");
  for (auto &a : log->entries) add_definition(a, node, log->hostname, host.config_dir(), host.definitions());
  return log;
}

// 2.x: the transitions of its web API, completed from its database, or else from the alerts that exist.
Result<LogReading> alert_log_v2(ExternalHost &host, const std::string &node, std::uint64_t after, std::uint32_t limit) {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto since = static_cast<std::int64_t>(after / 1'000'000);
  const auto window =
      after == 0 ? kWholeLogSeconds : std::clamp<std::int64_t>(now - since + kSlackSeconds, 60, kWholeLogSeconds);
  const auto document =
      host.get_json({}, fmt::format("/api/v2/alert_transitions?after=-{}&before=0&last={}&anchor_gi={}&scope_nodes={}"
                                    "&options=minify",
                                    window, kMaxTransitions, after, node));
  if (!document) return again(document);
  host.refresh_definitions(node);
  auto rest = read_transitions(*document, node, host.config_dir(), host.definitions());
  // One more than wanted: where a page ends depends on what comes next.
  auto log = log_of_db(host, node, after, limit == 0 || limit == UINT32_MAX ? limit : limit + 1);
  if (log) {
    host.log_cursor().forget(node);
    return merge_log(std::move(rest), std::move(*log), after, limit);
  }
  if (log.error().code == Errc::cancelled) return again(log);
  const auto present = present_v2(host, node);
  if (!present) return again(present);
  return host.log_cursor().with_memory(node, [&](AlertMemory &memory) {
    return memory.read(std::move(rest), present->alerts, after, limit, host.agent().epoch(), !present->premature,
                       static_cast<std::uint64_t>(now));
  });
}

Result<std::vector<Alert>> active_v1(ExternalHost &host, const std::string &node) {
  const auto alarms = host.get_json(node, "/api/v1/alarms?all");
  if (!alarms) return again(alarms);
  if (is_premature(host, node, *alarms)) return not_linked();
  const auto charts = host.charts(node, kChartsAge);
  if (!charts) return again(charts);
  // Learn first: the entries of the log get their definitions from the alarms.
  learn_alarms(*alarms, node, (*charts)->by_name, host.definitions());
  const auto log = log_v1(host, node, 0);
  if (!log) return again(log);
  return read_active_alarms(*alarms, *log, node, (*charts)->by_name, host.config_dir(), host.definitions());
}

Result<std::vector<Alert>> active_v2(ExternalHost &host, const std::string &node) {
  auto present = present_v2(host, node);
  if (!present) return again(present);
  if (present->premature) return not_linked();
  if (auto db = host.meta_db())
    if (const auto last = read_last_transitions(*db, node)) complete_alerts(present->alerts, *last);
  return std::move(present->alerts);
}

void remember(ExternalHost &host, const std::string &node, const LogReading &reading, std::uint64_t last) {
  if (host.facts().generation != Generation::v1) return;
  const auto it =
      std::find_if(reading.entries.begin(), reading.entries.end(), [&](const Alert &a) { return a.log_id == last; });
  if (it != reading.entries.end()) host.log_cursor().shown(node, anchor_of(*it));
}

}  // namespace

int alert_log(void *host, naclk_str machine_guid, uint64_t after, uint32_t limit, naclk_alert_fn visit, void *ctx,
              naclk_alert_log_end *end) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto node = node_of(machine_guid);
    if (!node) return -ENOENT;
    const auto reading = h.facts().generation == Generation::v1 ? alert_log_v1(h, *node, after, limit)
                                                                : alert_log_v2(h, *node, after, limit);
    if (!reading) return negated_errno(reading.error().code);
    std::uint64_t last = after;
    bool all = true;
    for (const auto &a : reading->entries) {
      last = a.log_id;
      if (show(a, visit, ctx) != 0) {
        all = false;
        break;
      }
    }
    if (end != nullptr) {
      end->last_log_id = all ? reading->last : last;
      end->gap = reading->gap;
    }
    remember(h, *node, *reading, all ? reading->last : last);
    return 0;
  });
}

int active_alerts(void *host, naclk_str machine_guid, naclk_alert_fn visit, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto node = node_of(machine_guid);
    if (!node) return -ENOENT;
    const auto alerts = h.facts().generation == Generation::v1 ? active_v1(h, *node) : active_v2(h, *node);
    if (!alerts) return negated_errno(alerts.error().code);
    return show_all(*alerts, visit, ctx);
  });
}

}  // namespace aclk::external::hooks
