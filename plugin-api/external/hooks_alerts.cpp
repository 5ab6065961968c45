// SPDX-License-Identifier: GPL-3.0-or-later
//
// alert_log and active_alerts, for both generations.
#include <fmt/format.h>

#include <algorithm>

#include "plugin-api/external/hooks.h"
#include "plugin-api/external/json_fields.h"
#include "plugin-api/external/read_alerts_v1.h"
#include "plugin-api/external/read_alerts_v2.h"

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

Result<LogReading> alert_log_v1(ExternalHost &host, const std::string &node, std::uint64_t after, std::uint32_t limit) {
  auto entries = log_v1(host, node, after);
  if (!entries) return again(entries);
  std::optional<std::uint64_t> latest;
  if (entries->empty() && after != 0) {
    const auto alarms = host.get_json(node, "/api/v1/alarms?active");
    if (!alarms) return again(alarms);
    latest = uint_of(*alarms, "latest_alarm_log_unique_id");
    if (*latest != 0 && *latest < after) entries = log_v1(host, node, 0);
    if (!entries) return again(entries);
  }
  return judge_log(std::move(*entries), after, limit, latest, host.facts().max_alert_log);
}

Result<LogReading> alert_log_v2(ExternalHost &host, const std::string &node, std::uint64_t after, std::uint32_t limit) {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  const auto since = static_cast<std::int64_t>(after / 1'000'000);
  const auto window = after == 0 ? kWholeLogSeconds
                                 : std::clamp<std::int64_t>(now.count() - since + kSlackSeconds, 60, kWholeLogSeconds);
  const auto document =
      host.get_json({}, fmt::format("/api/v2/alert_transitions?after=-{}&before=0&last={}&anchor_gi={}&scope_nodes={}"
                                    "&options=minify",
                                    window, kMaxTransitions, after, node));
  if (!document) return again(document);
  if (!array_of(*document, "transitions").empty()) host.refresh_definitions(node);
  auto t = read_transitions(*document, node, host.config_dir(), host.definitions());
  LogReading r;
  r.last = after;
  r.gap = after != 0 && t.cut;
  std::erase_if(t.entries, [&](const Alert &a) { return a.log_id <= after; });
  if (limit != 0 && t.entries.size() > limit) t.entries.resize(limit);
  if (!t.entries.empty()) r.last = t.entries.back().log_id;
  r.entries = std::move(t.entries);
  return r;
}

Result<std::vector<Alert>> active_v1(ExternalHost &host, const std::string &node) {
  const auto alarms = host.get_json(node, "/api/v1/alarms?all");
  if (!alarms) return again(alarms);
  const auto charts = host.charts(node, kChartsAge);
  if (!charts) return again(charts);
  // Learn first: the entries of the log get their definitions from the alarms.
  learn_alarms(*alarms, node, (*charts)->by_name, host.definitions());
  const auto log = log_v1(host, node, 0);
  if (!log) return again(log);
  return read_active_alarms(*alarms, *log, node, (*charts)->by_name, host.config_dir(), host.definitions());
}

Result<std::vector<Alert>> active_v2(ExternalHost &host, const std::string &node) {
  const auto alarms = host.get_json(node, "/api/v1/alarms?all");
  if (!alarms) return again(alarms);
  const auto instances = host.get_json({}, instances_target(node));
  if (!instances) return again(instances);
  learn_alarms(*alarms, node, read_charts_of_instances(*instances), host.definitions());
  return read_alert_instances(*instances, node, text_of(*alarms, "hostname"), host.config_dir(), host.definitions());
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
