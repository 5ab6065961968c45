// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/alerts/meta_db.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "claim/base/c_own.h"
#include "claim/base/uuid.h"
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

}  // namespace aclk::external
