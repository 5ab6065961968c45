// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/alerts/read_meta_db.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/alerts/read_alerts_v2.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxNodes = 10'000;
constexpr std::uint32_t kMaxEntries = 20'000;  // about 30 MB
constexpr std::size_t kMaxAlerts = 100'000;

constexpr std::uint64_t kFlagUpdated = 0x2;
constexpr std::uint64_t kFlagSilenced = 0x10;

// CROSS JOIN: in this order. The index on global_id finds what is new at once; from the other side the whole log of
// the node would have to be sorted.
constexpr const char *kEntry =
    "SELECT d.global_id, d.alarm_event_id, d.transition_id, d.when_key, d.duration, d.non_clear_duration, d.flags,"
    " d.updated_by_id, d.delay_up_to_timestamp, d.info, d.new_status, d.old_status, d.delay, d.new_value, d.old_value,"
    " d.last_repeat, d.summary, h.config_hash_id, h.name, h.chart, h.chart_name, h.recipient, h.units, h.exec,"
    " h.chart_context ";
constexpr const char *kAfter =
    "FROM health_log_detail d CROSS JOIN health_log h ON h.health_log_id = d.health_log_id "
    "WHERE d.global_id > ?1 AND h.host_id = ?2 ORDER BY d.global_id ";
constexpr const char *kLast =
    "FROM health_log h CROSS JOIN health_log_detail d ON d.transition_id = h.last_transition_id "
    "WHERE h.host_id = ?1 AND d.health_log_id = h.health_log_id LIMIT ?2";
constexpr const char *kBefore =
    "SELECT d.global_id FROM health_log_detail d CROSS JOIN health_log h ON h.health_log_id = d.health_log_id "
    "WHERE d.global_id <= ?1 AND h.host_id = ?2 ORDER BY d.global_id DESC LIMIT 1";
constexpr const char *kLastAdded =
    "SELECT d.global_id FROM health_log_detail d CROSS JOIN health_log h ON h.health_log_id = d.health_log_id "
    "WHERE d.global_id > 0 AND h.host_id = ?1 ORDER BY d.rowid DESC LIMIT 1";
constexpr const char *kHost = "SELECT hostname, abbrev_timezone, utc_offset FROM host WHERE host_id = ?1";
constexpr const char *kChildren = "SELECT host_id, hostname, hops FROM host WHERE hops > 0 ORDER BY hostname, host_id";

// plugin-api/external/API.md, "The agent's database", the numbers of the health engine.
std::uint32_t status_of(std::int64_t number) {
  switch (number) {
    case -2:
      return NACLK_ALERT_REMOVED;
    case -1:
      return NACLK_ALERT_NOT_A_NUMBER;
    case 1:
      return NACLK_ALERT_CLEAR;
    case 3:
      return NACLK_ALERT_WARNING;
    case 4:
      return NACLK_ALERT_CRITICAL;
    default:
      return NACLK_ALERT_UNKNOWN;
  }
}

// host_info's names of what /api/v1/info has.
constexpr std::array<std::pair<std::string_view, const char *>, 11> kInfo{{
    {"NETDATA_HOST_OS_NAME", "os_name"},
    {"NETDATA_HOST_OS_VERSION", "os_version"},
    {"NETDATA_SYSTEM_KERNEL_NAME", "kernel_name"},
    {"NETDATA_SYSTEM_KERNEL_VERSION", "kernel_version"},
    {"NETDATA_SYSTEM_ARCHITECTURE", "architecture"},
    {"NETDATA_SYSTEM_CPU_LOGICAL_CPU_COUNT", "cores_total"},
    {"NETDATA_SYSTEM_CPU_FREQ", "cpu_freq"},
    {"NETDATA_SYSTEM_TOTAL_RAM", "ram_total"},
    {"NETDATA_SYSTEM_TOTAL_DISK_SIZE", "total_disk_space"},
    {"NETDATA_SYSTEM_VIRTUALIZATION", "virtualization"},
    {"NETDATA_SYSTEM_CONTAINER", "container"},
}};

struct HostRow {
  std::string name, timezone;
  std::int32_t utc_offset_s = 0;
};

Result<HostRow> read_host(MetaDb &db, std::string_view node) {
  HostRow host;
  const auto r = db.select(kHost, {MetaDb::Uuid{node}}, [&](const MetaDb::Row &row) {
    constexpr std::int64_t kDay = 86400;
    host = {row.text(0), row.text(1), static_cast<std::int32_t>(std::clamp(row.number(2), -kDay, kDay))};
    return false;
  });
  if (!r) return tl::unexpected<Error>(r.error());
  return host;
}

Alert read_row(const MetaDb::Row &row, const HostRow &host) {
  Alert a;
  int c = 0;
  a.log_id = row.positive(c++);
  a.event_id = row.positive(c++);
  a.transition_id = row.uuid(c++);
  a.when_s = row.positive(c++);
  a.duration_s = row.number(c++);
  a.non_clear_duration_s = row.number(c++);
  const auto flags = row.positive(c++);
  a.superseded = row.number(c++) != 0 || (flags & kFlagUpdated) != 0;
  a.delay_up_to_s = row.positive(c++);
  a.info = row.text(c++);
  a.status = status_of(row.number(c++));
  a.old_status = status_of(row.number(c++));
  a.delay_s = row.positive(c++);
  a.value = row.real(c++);
  a.old_value = row.real(c++);
  a.last_repeat_s = row.positive(c++);
  a.summary = row.text(c++);
  a.config_hash = row.uuid(c++);
  a.name = row.text(c++);
  a.chart = row.text(c++);
  a.chart_name = row.text(c++);
  if (a.chart_name.empty()) a.chart_name = a.chart;
  const auto recipient = row.text(c++);
  a.silenced = (flags & kFlagSilenced) != 0 || recipient.substr(0, 6) == "silent";
  a.units = row.text(c++);
  a.exec = row.text(c++);
  a.context = row.text(c++);
  a.alert_id = alert_id_v2(a.chart, a.name);
  a.value_string = value_with_unit(a.value, a.units);
  a.old_value_string = value_with_unit(a.old_value, a.units);
  a.timezone = host.timezone;
  a.utc_offset_s = host.utc_offset_s;
  return a;
}

bool is_whole(const Alert &a) { return !a.name.empty() && !a.chart.empty() && a.log_id != 0; }

std::int64_t bound(std::uint64_t id) {
  return id > std::uint64_t{INT64_MAX} ? INT64_MAX : static_cast<std::int64_t>(id);
}

}  // namespace

Result<std::vector<Node>> read_children(MetaDb &db) {
  std::vector<Node> nodes;
  const auto r = db.select(kChildren, {}, [&](const MetaDb::Row &row) {
    Node n;
    n.machine_guid = row.uuid(0);
    n.hostname = row.text(1);
    n.hops = static_cast<std::int32_t>(std::clamp<std::int64_t>(row.number(2), 1, 1000));
    if (!n.machine_guid.empty()) nodes.push_back(std::move(n));
    return nodes.size() < kMaxNodes;
  });
  if (!r) return tl::unexpected<Error>(r.error());
  return nodes;
}

Result<nlohmann::json> read_stored_info(MetaDb &db, std::string_view node) {
  const MetaDb::Uuid id{node};
  auto info = nlohmann::json::object();
  auto r = db.select("SELECT hostname, os, abbrev_timezone, program_version FROM host WHERE host_id = ?1", {id},
                     [&](const MetaDb::Row &row) {
                       info = {{"hostname", row.text(0)},
                               {"os", row.text(1)},
                               {"timezone", row.text(2)},
                               {"version", row.text(3)},
                               {"host_labels", nlohmann::json::object()},
                               {"collectors", nlohmann::json::array()}};
                       return false;
                     });
  if (r && info.empty()) return fail(Errc::not_found, "the agent's database does not know the node");
  if (r)
    r = db.select("SELECT system_key, system_value FROM host_info WHERE host_id = ?1 LIMIT 1000", {id},
                  [&](const MetaDb::Row &row) {
                    const auto key = row.text(0);
                    for (const auto &[theirs, ours] : kInfo)
                      if (key == theirs) info[ours] = row.text(1);
                    return true;
                  });
  if (r)
    r = db.select("SELECT label_key, label_value FROM host_label WHERE host_id = ?1 LIMIT 1000", {id},
                  [&](const MetaDb::Row &row) {
                    info["host_labels"][row.text(0)] = row.text(1);
                    return true;
                  });
  if (r)
    r = db.select("SELECT DISTINCT plugin, module FROM chart WHERE host_id = ?1 LIMIT 10000", {id},
                  [&](const MetaDb::Row &row) {
                    info["collectors"].push_back({{"plugin", row.text(0)}, {"module", row.text(1)}});
                    return true;
                  });
  if (!r) return tl::unexpected<Error>(r.error());
  return info;
}

Result<DbLog> read_health_log(MetaDb &db, std::string_view node, std::uint64_t after, std::uint32_t limit) {
  ACLK_TRY(const auto host, read_host(db, node));
  const auto count = limit == 0 ? kMaxEntries : std::min(limit, kMaxEntries);
  const MetaDb::Uuid id{node};
  DbLog log;
  log.hostname = host.name;
  const auto one = [](std::uint64_t &into) {
    return [&into](const MetaDb::Row &row) {
      into = row.positive(0);
      return false;
    };
  };
  const bool to_the_end = limit == 0;
  const auto sql = std::string(kEntry) + kAfter + (to_the_end ? "DESC LIMIT ?3" : "LIMIT ?3");
  auto &left_out = to_the_end ? log.cut : log.more;
  std::uint32_t seen = 0;
  auto r = db.select(sql.c_str(), {bound(after), id, std::int64_t{count} + 1}, [&](const MetaDb::Row &row) {
    left_out = ++seen > count;
    if (left_out) return false;
    if (auto a = read_row(row, host); is_whole(a)) log.entries.push_back(std::move(a));
    return true;
  });
  if (to_the_end) std::reverse(log.entries.begin(), log.entries.end());
  if (r && after != 0) r = db.select(kBefore, {bound(after), id}, one(log.before));
  if (r && after != 0) r = db.select(kLastAdded, {id}, one(log.last_added));
  if (!r) return tl::unexpected<Error>(r.error());
  return log;
}

Result<std::vector<Alert>> read_last_transitions(MetaDb &db, std::string_view node) {
  ACLK_TRY(const auto host, read_host(db, node));
  std::vector<Alert> out;
  const auto sql = std::string(kEntry) + kLast;
  const auto r = db.select(sql.c_str(), {MetaDb::Uuid{node}, std::int64_t{kMaxAlerts}}, [&](const MetaDb::Row &row) {
    if (auto a = read_row(row, host); is_whole(a)) out.push_back(std::move(a));
    return true;
  });
  if (!r) return tl::unexpected<Error>(r.error());
  return out;
}

}  // namespace aclk::external
