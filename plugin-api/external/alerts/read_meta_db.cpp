// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/alerts/read_meta_db.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "claim/base/c_own.h"
#include "claim/base/uuid.h"
#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/alerts/read_alerts_v2.h"
#include "plugin-api/external/json/json_fields.h"

namespace aclk::external {
namespace {

using Clock = std::chrono::steady_clock;
using Database = COwn<sqlite3, sqlite3_close>;
using Statement = COwn<sqlite3_stmt, sqlite3_finalize>;

constexpr int kBusyMs = 100;         // readers of a WAL wait only while somebody repairs it
constexpr int kStepsPerLook = 2000;  // of SQLite's virtual machine; far below a millisecond
constexpr int kUuidBytes = 16;

std::optional<std::array<char, kUuidBytes>> bytes_of(std::string_view uuid) {
  std::array<char, kUuidBytes> out{};
  std::size_t digits = 0;
  for (const char c : uuid) {
    if (c == '-') continue;
    const int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (v < 0 || digits == std::size_t{kUuidBytes} * 2) return std::nullopt;
    auto &byte = out.at(digits++ / 2);
    byte = static_cast<char>((static_cast<unsigned char>(byte) << 4) | v);
  }
  return digits == std::size_t{kUuidBytes} * 2 ? std::optional(out) : std::nullopt;
}

// Nothing in the file makes us write, run its functions, or believe that a damaged page is whole.
void be_careful(sqlite3 *db) {
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 20);
  sqlite3_busy_timeout(db, kBusyMs);
}

}  // namespace

struct MetaDb::Impl {
  Database db;
  std::string file;
  Interrupted interrupted;
  Clock::time_point deadline;

  static int is_over(void *me) {
    const auto *self = static_cast<const Impl *>(me);
    return Clock::now() >= self->deadline || (self->interrupted && self->interrupted()) ? 1 : 0;
  }
  [[nodiscard]] tl::unexpected<Error> trouble(int rc) const {
    if (rc == SQLITE_INTERRUPT)
      return interrupted && interrupted() ? fail(Errc::cancelled, "stopping")
                                          : fail(Errc::timeout, fmt::format("{} takes too long to read", file));
    return fail(Errc::io, fmt::format("cannot read {}: {}", file, db ? sqlite3_errmsg(db.get()) : "out of memory"));
  }
};

MetaDb::MetaDb(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetaDb::MetaDb(MetaDb &&) noexcept = default;
MetaDb &MetaDb::operator=(MetaDb &&) noexcept = default;
MetaDb::~MetaDb() = default;

Result<MetaDb> MetaDb::open(const std::filesystem::path &cache_dir, int user_version, const Interrupted &interrupted,
                            std::chrono::milliseconds time) {
  auto impl = std::make_unique<Impl>();
  impl->file = (cache_dir / "netdata-meta.db").string();
  impl->interrupted = interrupted;
  impl->deadline = Clock::now() + time;
  sqlite3 *raw = nullptr;
  // The same as file:...?mode=ro, for any name.
  const int rc = sqlite3_open_v2(impl->file.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  impl->db.reset(raw);
  if (rc != SQLITE_OK) return impl->trouble(rc);
  be_careful(raw);
  sqlite3_progress_handler(raw, kStepsPerLook, Impl::is_over, impl.get());
  MetaDb db(std::move(impl));
  std::int64_t version = -1;
  if (const int begun = sqlite3_exec(raw, "BEGIN", nullptr, nullptr, nullptr); begun != SQLITE_OK)
    return db.impl_->trouble(begun);
  const auto asked = db.select("PRAGMA user_version", {}, [&](const Row &r) {
    version = r.number(0);
    return false;
  });
  if (!asked) return tl::unexpected<Error>(asked.error());
  if (version != user_version)
    return fail(Errc::unsupported,
                fmt::format("{} has version {}, and only version {} is known", db.impl_->file, version, user_version));
  return db;
}

Result<void> MetaDb::select(const char *sql, std::initializer_list<Value> values,
                            const std::function<bool(const Row &)> &each) {
  sqlite3_stmt *raw = nullptr;
  if (const int rc = sqlite3_prepare_v2(impl_->db.get(), sql, -1, &raw, nullptr); rc != SQLITE_OK)
    return impl_->trouble(rc);
  const Statement statement(raw);
  int n = 0;
  for (const auto &value : values) {
    ++n;
    if (const auto *number = std::get_if<std::int64_t>(&value)) {
      sqlite3_bind_int64(raw, n, *number);
    } else if (const auto bytes = bytes_of(std::get<Uuid>(value).text)) {
      sqlite3_bind_blob(raw, n, bytes->data(), kUuidBytes, SQLITE_TRANSIENT);
    }
  }
  for (;;) {
    const int rc = sqlite3_step(raw);
    if (rc == SQLITE_DONE) return {};
    if (rc != SQLITE_ROW) return impl_->trouble(rc);
    if (!each(Row(raw))) return {};
  }
}

std::string MetaDb::Row::text(int column) const {
  const auto *t = sqlite3_column_text(statement_, column);
  if (t == nullptr) return {};
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  std::string s(reinterpret_cast<const char *>(t), std::min(size, kMaxField));
  for (const char c : s)
    if ((static_cast<unsigned char>(c) & 0x80U) != 0) {  // SQLite stores any bytes as text
      const auto quoted = nlohmann::json(s).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      return nlohmann::json::parse(quoted).get<std::string>();
    }
  return s;
}

std::int64_t MetaDb::Row::number(int column) const { return sqlite3_column_int64(statement_, column); }

std::uint64_t MetaDb::Row::positive(int column) const {
  const auto n = number(column);
  return n < 0 ? 0 : static_cast<std::uint64_t>(n);
}

double MetaDb::Row::real(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return NAN;
  const auto d = sqlite3_column_double(statement_, column);
  return std::isfinite(d) ? d : NAN;
}

std::string MetaDb::Row::uuid(int column) const {
  const auto *const blob = static_cast<const char *>(sqlite3_column_blob(statement_, column));
  if (blob == nullptr) return {};
  const std::string_view bytes(blob, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  return bytes.find_first_not_of('\0') == std::string_view::npos ? std::string() : uuid_text(bytes);
}
namespace {

constexpr std::size_t kMaxNodes = 10'000;
constexpr std::uint32_t kMaxEntries = 20'000;  // about 30 MB

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
