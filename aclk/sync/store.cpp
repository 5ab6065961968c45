// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/store.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <system_error>
#include <utility>

#include "claim/base/c_own.h"

namespace aclk::sync {
namespace fs = std::filesystem;
namespace {

using Database = COwn<sqlite3, sqlite3_close>;
using Statement = COwn<sqlite3_stmt, sqlite3_finalize>;

// Step n brings a database from version n to n + 1 (PRAGMA user_version). Never changed once released, only added to.
constexpr std::array kMigrations{
    "CREATE TABLE node (claim_id TEXT NOT NULL, machine_guid TEXT NOT NULL, node_id TEXT NOT NULL,"
    " hostname TEXT NOT NULL, hops INTEGER NOT NULL, PRIMARY KEY (claim_id, machine_guid)) WITHOUT ROWID",
};

Error trouble(sqlite3 *db, std::string_view what) {
  return {Errc::io, fmt::format("cannot {}: {}", what, db == nullptr ? "out of memory" : sqlite3_errmsg(db))};
}

class Query {
 public:
  Query(sqlite3 *db, const char *sql) {
    sqlite3_stmt *s = nullptr;
    sqlite3_prepare_v2(db, sql, -1, &s, nullptr);
    s_.reset(s);
  }
  Query &bind(int n, std::string_view text) {
    sqlite3_bind_text(s_.get(), n, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Query &bind(int n, std::int64_t v) {
    sqlite3_bind_int64(s_.get(), n, v);
    return *this;
  }
  // SQLITE_ROW, SQLITE_DONE or an error; also when the statement could not be prepared.
  int step() { return s_ ? sqlite3_step(s_.get()) : SQLITE_ERROR; }
  [[nodiscard]] std::string text(int n) const {
    const auto *t = sqlite3_column_text(s_.get(), n);
    return t == nullptr ? std::string() : reinterpret_cast<const char *>(t);
  }
  [[nodiscard]] std::int64_t number(int n) const { return sqlite3_column_int64(s_.get(), n); }

 private:
  Statement s_;
};

Result<void> run(sqlite3 *db, const char *sql, std::string_view what) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return tl::unexpected<Error>(trouble(db, what));
  return {};
}

Result<Database> open_once(const fs::path &file) {
  sqlite3 *raw = nullptr;
  const int rc =
      sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database db(raw);
  const auto what = fmt::format("open {}", file.string());
  if (rc != SQLITE_OK) return tl::unexpected<Error>(trouble(db.get(), what));
  ::chmod(file.c_str(), 0600);
  sqlite3_busy_timeout(db.get(), 1000);
  for (const char *pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"})
    if (auto r = run(db.get(), pragma, what); !r) return tl::unexpected<Error>(r.error());
  Query check(db.get(), "PRAGMA quick_check(1)");
  if (check.step() != SQLITE_ROW || check.text(0) != "ok")
    return fail(Errc::parse, fmt::format("{} is damaged", file.string()));
  return db;
}

Result<void> migrate(sqlite3 *db) {
  Query q(db, "PRAGMA user_version");
  if (q.step() != SQLITE_ROW) return tl::unexpected<Error>(trouble(db, "read the database version"));
  const auto have = static_cast<std::size_t>(q.number(0));
  for (auto n = have; n < kMigrations.size(); ++n) {
    const auto sql = fmt::format("BEGIN IMMEDIATE; {}; PRAGMA user_version = {}; COMMIT", kMigrations[n], n + 1);
    if (auto r = run(db, sql.c_str(), "bring the database up to date"); !r) {
      sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
      return r;
    }
  }
  return {};
}

}  // namespace

struct Store::Impl {
  Database db;
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store &&) noexcept = default;
Store &Store::operator=(Store &&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const fs::path &file, std::string *note) {
  auto db = open_once(file);
  auto ready = db ? migrate(db->get()) : Result<void>();
  std::error_code ec;
  if ((!db || !ready) && fs::exists(file, ec)) {
    // Opened, but not usable: put it aside rather than lose what somebody may want to look at.
    const auto reason = db ? ready.error() : db.error();
    if (db) db->reset();
    const auto aside = fs::path(file.string() + ".damaged");
    fs::rename(file, aside, ec);
    if (ec) return tl::unexpected<Error>(reason);
    fs::remove(file.string() + "-wal", ec);
    fs::remove(file.string() + "-shm", ec);
    if (note != nullptr)
      *note = fmt::format("{}; it was set aside as {} and is rebuilt from the cloud's answers", reason.what,
                          aside.string());
    db = open_once(file);
    if (db) ready = migrate(db->get());
  }
  if (!db) return tl::unexpected<Error>(db.error());
  if (!ready) return tl::unexpected<Error>(ready.error());
  return Store(std::make_unique<Impl>(Impl{std::move(*db)}));
}

Result<std::vector<StoredNode>> Store::nodes(std::string_view claim_id) {
  Query q(impl_->db.get(), "SELECT machine_guid, node_id, hostname, hops FROM node WHERE claim_id = ?");
  q.bind(1, claim_id);
  std::vector<StoredNode> out;
  for (;;) {
    const int rc = q.step();
    if (rc == SQLITE_DONE) return out;
    if (rc != SQLITE_ROW) return tl::unexpected<Error>(trouble(impl_->db.get(), "read the node ids"));
    out.push_back({q.text(0), q.text(1), q.text(2), static_cast<std::int32_t>(q.number(3))});
  }
}

Result<void> Store::put_node(std::string_view claim_id, const StoredNode &n) {
  Query q(impl_->db.get(), "INSERT OR REPLACE INTO node VALUES (?, ?, ?, ?, ?)");
  q.bind(1, claim_id).bind(2, n.machine_guid).bind(3, n.node_id).bind(4, n.hostname).bind(5, n.hops);
  if (q.step() != SQLITE_DONE) return tl::unexpected<Error>(trouble(impl_->db.get(), "store a node id"));
  return {};
}

Result<void> Store::keep_only(std::string_view claim_id) {
  Query q(impl_->db.get(), "DELETE FROM node WHERE claim_id <> ?");
  q.bind(1, claim_id);
  if (q.step() != SQLITE_DONE) return tl::unexpected<Error>(trouble(impl_->db.get(), "forget old node ids"));
  return {};
}

}  // namespace aclk::sync
