// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/hooks/read_meta_db.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "claim/base/c_own.h"
#include "claim/base/uuid.h"
#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/json/lenient_json.h"

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

Result<MetaDb> MetaDb::open(const std::filesystem::path &cache_dir, const Interrupted &interrupted,
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
  if (version != kMetaVersion)
    return fail(Errc::unsupported,
                fmt::format("{} has version {}, and only version {} is known", db.impl_->file, version, kMetaVersion));
  return db;
}

Result<void> MetaDb::select(const char *sql, std::initializer_list<Uuid> values,
                            const std::function<bool(const Row &)> &each) {
  sqlite3_stmt *raw = nullptr;
  if (const int rc = sqlite3_prepare_v2(impl_->db.get(), sql, -1, &raw, nullptr); rc != SQLITE_OK)
    return impl_->trouble(rc);
  const Statement statement(raw);
  int n = 0;
  for (const auto &value : values) {
    ++n;
    if (const auto bytes = bytes_of(value.text)) sqlite3_bind_blob(raw, n, bytes->data(), kUuidBytes, SQLITE_TRANSIENT);
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

std::string MetaDb::Row::uuid(int column) const {
  const auto *const blob = static_cast<const char *>(sqlite3_column_blob(statement_, column));
  if (blob == nullptr) return {};
  const std::string_view bytes(blob, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  return bytes.find_first_not_of('\0') == std::string_view::npos ? std::string() : uuid_text(bytes);
}

namespace {

constexpr const char *kChildren = "SELECT host_id, hostname, hops FROM host WHERE hops > 0 ORDER BY hostname, host_id";

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

}  // namespace

Result<NodeList> read_children(MetaDb &db) {
  NodeList nodes;
  ACLK_CHECK(db.select(kChildren, {}, [&](const MetaDb::Row &row) {
    const auto guid = row.uuid(0);
    if (guid.empty()) return true;
    auto &n = nodes.add();
    n.machine_guid = nodes.texts.keep(guid);
    n.hostname = nodes.texts.keep(row.text(1));
    n.hops = static_cast<std::int32_t>(std::clamp<std::int64_t>(row.number(2), 1, 1000));
    return nodes.items.size() < kMaxNodes;
  }));
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

}  // namespace aclk::external
