// SPDX-License-Identifier: GPL-3.0-or-later
//
// alert_log, active_alerts and alert_config.
#include <fmt/format.h>

#include <algorithm>

#include "plugin-api/external/alerts/read_alerts.h"
#include "plugin-api/external/hooks/hooks.h"
#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external::hooks {
namespace {

constexpr std::chrono::minutes kChartsAge{1};

template <class T>
tl::unexpected<Error> again(const Result<T> &r) {
  return tl::unexpected<Error>(r.error());
}

Result<std::vector<naclk_alert>> read_log(ExternalHost &host, const std::string &node, std::uint64_t after,
                                          Texts &texts) {
  const auto log = host.get_json(node, fmt::format("/api/v1/alarm_log?after={}", after));
  if (!log) return again(log);
  if (!log->empty() && (host.owes_definitions(node) || !are_defined(*log, node, host.definitions())))
    host.refresh_definitions(node);
  return read_alarm_log(*log, node, host.known_charts(node)->by_name, host.definitions(), texts);
}

// The entry `after` is asked for too: it tells whether the log is still the one that `after` is of.
Result<LogReading> log_after(ExternalHost &host, const std::string &node, std::uint64_t after, std::uint32_t limit,
                             Texts &texts) {
  const bool possible = after <= UINT32_MAX;  // ids have 32 bits; those of a 2.x that was here before are larger
  auto entries = read_log(host, node, after == 0 || !possible ? 0 : after - 1, texts);
  if (!entries) return again(entries);
  if (after == 0 || (possible && continues_log(*entries, after, host.log_cursor().anchor(node), host.began_s())))
    return take_log(std::move(*entries), after, limit, Continuity::whole);
  for (const auto &a : *entries)
    if (a.log_id == after) host.log_cursor().shown(node, anchor_of(a));  // a gap is told once
  if (entries->empty()) {
    const auto alarms = host.get_json(node, "/api/v1/alarms?active");
    if (!alarms) return again(alarms);
    const auto latest = uint_of(*alarms, "latest_alarm_log_unique_id");
    // Health has not begun for this node, or the agent keeps no entries at all.
    if (latest == 0 || latest == after) return take_log({}, after, limit, Continuity::whole);
    if (possible) entries = read_log(host, node, 0, texts);
    if (!entries) return again(entries);
  }
  return take_log(std::move(*entries), after, limit, Continuity::gap);
}

// An agent that has not linked its alerts yet has none, but has a log: that is no list of alerts.
bool is_premature(ExternalHost &host, const std::string &node, const nlohmann::json &alarms) {
  return object_of(alarms, "alarms").empty() && bool_of(alarms, "status") &&
         uint_of(alarms, "latest_alarm_log_unique_id") != 0 && host.is_linking(node);
}

tl::unexpected<Error> not_linked() { return fail(Errc::unavailable, "the agent has not linked its alerts yet"); }

Result<std::vector<naclk_alert>> active(ExternalHost &host, const std::string &node, Texts &texts) {
  const auto alarms = host.get_json(node, "/api/v1/alarms?all");
  if (!alarms) return again(alarms);
  if (is_premature(host, node, *alarms)) return not_linked();
  const auto charts = host.charts(node, kChartsAge);
  if (!charts) return again(charts);
  // Learn first: the entries of the log get their definitions from the alarms.
  learn_alarms(*alarms, node, (*charts)->by_name, host.definitions());
  const auto log = read_log(host, node, 0, texts);
  if (!log) return again(log);
  return read_active_alarms(*alarms, *log, node, (*charts)->by_name, host.config_dir(), host.definitions(), texts);
}

void remember(ExternalHost &host, const std::string &node, const LogReading &reading, std::uint64_t last) {
  const auto it = std::find_if(reading.entries.begin(), reading.entries.end(),
                               [&](const naclk_alert &a) { return a.log_id == last; });
  if (it != reading.entries.end()) host.log_cursor().shown(node, anchor_of(*it));
}

}  // namespace

int alert_log(void *host, naclk_str machine_guid, uint64_t after, uint32_t limit, naclk_alert_fn visit, void *ctx,
              naclk_alert_log_end *end) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto node = node_of(machine_guid);
    if (!node) return -ENOENT;
    Texts texts;
    const auto reading = log_after(h, *node, after, limit, texts);
    if (!reading) return negated_errno(reading.error().code);
    std::uint64_t last = after;
    bool all = true;
    for (const auto &a : reading->entries) {
      last = a.log_id;
      if (visit(ctx, &a) != 0) {
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
    Texts texts;
    const auto alerts = active(h, *node, texts);
    if (!alerts) return negated_errno(alerts.error().code);
    return show_all(*alerts, visit, ctx);
  });
}

namespace {

Result<AlertConfig> config_of(ExternalHost &host, const std::string &hash) {
  auto known = host.definitions().of_hash(hash);
  if (!known || known->partial) {
    ACLK_TRY(const auto info, host.get_json({}, "/api/v1/info"));
    for (const auto list = read_mirrored_hosts(info, host.agent().machine_guid()); const auto &n : list.items)
      host.refresh_definitions(std::string(text(n.machine_guid)));
    known = host.definitions().of_hash(hash);
  }
  // 1.38 and later keep the definitions that were edited or deleted since.
  if (!known || known->partial)
    if (const auto document = host.get_json({}, "/api/v2/alert_config?config=" + hash)) {
      auto told = definition_of_alert_config(*document, hash, known);
      if (!told.alarm.empty() || !told.template_name.empty()) return told;
    }
  if (!known) return fail(Errc::not_found, "no alert has this definition");
  return std::move(*known);
}

}  // namespace

int alert_config(void *host, naclk_str config_hash, naclk_alert_config_fn visit, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto hash = parse_uuid(text(config_hash));
    if (!hash) return -ENOENT;
    const auto config = config_of(h, *hash);
    if (!config) return negated_errno(config.error().code);
    (void)show(*config, visit, ctx);
    return 0;
  });
}

}  // namespace aclk::external::hooks
