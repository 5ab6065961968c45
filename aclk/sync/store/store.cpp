// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/store/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <system_error>
#include <utility>

#include "aclk/sync/store/records.h"
#include "aclk/sync/store/sqlite.h"
#include "claim/base/c_own.h"

namespace aclk::sync {
namespace fs = std::filesystem;
using sqlite::Database;
using sqlite::Statement;

namespace {

// Step n brings a database from version n to n + 1 (PRAGMA user_version). Never changed once released, only added to.
constexpr std::array kMigrations{
    "CREATE TABLE node (claim_id TEXT NOT NULL, machine_guid TEXT NOT NULL, node_id TEXT NOT NULL,"
    " hostname TEXT NOT NULL, hops INTEGER NOT NULL, PRIMARY KEY (claim_id, machine_guid)) WITHOUT ROWID",

    "CREATE TABLE claim (claim_id TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE context (node_id TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, first_s INTEGER NOT NULL,"
    " last_s INTEGER NOT NULL, print INTEGER NOT NULL, PRIMARY KEY (node_id, id)) WITHOUT ROWID;"
    "CREATE TABLE alert_log (machine_guid TEXT PRIMARY KEY, last_log_id INTEGER NOT NULL, streaming INTEGER NOT NULL,"
    " resync INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE alert (machine_guid TEXT NOT NULL, alert_id TEXT NOT NULL, status INTEGER NOT NULL,"
    " version INTEGER NOT NULL, log_id INTEGER NOT NULL, entry BLOB NOT NULL, PRIMARY KEY (machine_guid, alert_id));"
    "CREATE TABLE transition (machine_guid TEXT NOT NULL, alert_id TEXT NOT NULL, slot INTEGER NOT NULL,"
    " place INTEGER NOT NULL, log_id INTEGER NOT NULL, due_s INTEGER NOT NULL, entry BLOB NOT NULL,"
    " PRIMARY KEY (machine_guid, alert_id, slot))",

    "CREATE TABLE last_time (node_id TEXT PRIMARY KEY, us INTEGER NOT NULL) WITHOUT ROWID",
};

// Everything but the nodes, whose rows have their claim in them, and the times that only rise.
constexpr auto kForgetMost =
    "DELETE FROM claim; DELETE FROM context; DELETE FROM alert_log; DELETE FROM alert; DELETE FROM transition";

// The log is written back each 64 pages of 4 KiB, and cut when one long transaction has made it longer: it shall not be
// a hundred times the database.
constexpr const char *kCheckpoint = "PRAGMA wal_autocheckpoint = 64";
constexpr const char *kMaxLog = "PRAGMA journal_size_limit = 262144";

std::string newer_text(const fs::path &file, std::int64_t version) {
  return fmt::format(
      "{} was written by a newer version of netdata-aclk (it has version {}, this one knows {}) and is left as it is; "
      "install the newer version again, or remove the file: then all is compared with the cloud and sent anew",
      file.string(), version, kMigrations.size());
}

// The first thing that is asked of a file, before a byte of it is written and before its tables are looked at, which
// may be of a kind that is unknown here.
Result<void> refuse_newer(sqlite3 *db, const fs::path &file) {
  Statement q(db, "PRAGMA user_version");
  if (q.step() != SQLITE_ROW) return {};  // damaged or no database: found below
  const auto version = q.number(0);
  if (version <= static_cast<std::int64_t>(kMigrations.size())) return {};
  return fail(Errc::unsupported, newer_text(file, version));
}

Result<Database> open_once(const fs::path &file) {
  sqlite3 *raw = nullptr;
  const int rc =
      sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database db(raw);
  const auto what = fmt::format("open {}", file.string());
  if (rc != SQLITE_OK) return tl::unexpected<Error>(sqlite::trouble(db.get(), what));
  ::chmod(file.c_str(), 0600);
  sqlite3_busy_timeout(db.get(), 1000);
  ACLK_CHECK(refuse_newer(db.get(), file));
  for (const char *pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", kCheckpoint, kMaxLog})
    ACLK_CHECK(sqlite::run(db.get(), pragma, what));
  Statement check(db.get(), "PRAGMA quick_check(1)");
  if (check.step() != SQLITE_ROW) return tl::unexpected<Error>(sqlite::trouble(db.get(), what));
  if (check.text(0) != "ok") return fail(Errc::parse, fmt::format("{} is damaged", file.string()));
  if (sqlite3_db_readonly(db.get(), "main") == 1)
    return fail(Errc::io, fmt::format("cannot write {}: the file or its file system is read-only", file.string()));
  return db;
}

Result<void> migrate(sqlite3 *db) {
  Statement q(db, "PRAGMA user_version");
  if (q.step() != SQLITE_ROW) return tl::unexpected<Error>(sqlite::trouble(db, "read the database version"));
  const auto have = static_cast<std::size_t>(q.number(0));
  q.reset();
  for (auto n = have; n < kMigrations.size(); ++n) {
    const auto sql = fmt::format("BEGIN IMMEDIATE; {}; PRAGMA user_version = {}; COMMIT", kMigrations[n], n + 1);
    if (auto r = sqlite::run(db, sql.c_str(), "bring the database up to date"); !r) {
      sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
      return r;
    }
  }
  return {};
}

Result<Database> open_ready(const fs::path &file) {
  auto db = open_once(file);
  if (!db) return db;
  ACLK_CHECK(migrate(db->get()));
  return db;
}

// The statements of one transaction, each prepared once.
class Writer {
 public:
  explicit Writer(sqlite3 *db)
      : node_(db, "INSERT OR REPLACE INTO node VALUES (?, ?, ?, ?, ?)"),
        context_(db, "INSERT OR REPLACE INTO context VALUES (?, ?, ?, ?, ?, ?)"),
        no_context_(db, "DELETE FROM context WHERE node_id = ? AND id = ?"),
        log_(db, "INSERT OR REPLACE INTO alert_log VALUES (?, ?, ?, ?)"),
        alert_(db, "INSERT OR REPLACE INTO alert VALUES (?, ?, ?, ?, ?, ?)"),
        no_alert_(db, "DELETE FROM alert WHERE machine_guid = ? AND alert_id = ?"),
        transition_(db, "INSERT OR REPLACE INTO transition VALUES (?, ?, ?, ?, ?, ?, ?)"),
        no_transition_(db, "DELETE FROM transition WHERE machine_guid = ? AND alert_id = ? AND slot = ?"),
        last_time_(db, "INSERT INTO last_time VALUES (?, ?) ON CONFLICT DO UPDATE SET us = max(us, excluded.us)") {}

  bool write(const Change &change) {
    return std::visit(
        Overloaded{
            [&](const PutNode &c) {
              return done(node_.bind(c.claim_id, c.node.machine_guid, c.node.node_id, c.node.hostname, c.node.hops));
            },
            [&](const PutContext &c) {
              return done(context_.bind(c.node_id, c.id, c.context.version, c.context.first_s, c.context.last_s,
                                        c.context.print));
            },
            [&](const DropContext &c) { return done(no_context_.bind(c.node_id, c.id)); },
            [&](const PutAlertLog &c) {
              return done(log_.bind(c.machine_guid, c.log.last_log_id, c.log.streaming, c.log.resync));
            },
            [&](const PutAlert &c) {
              const auto &a = c.alert;
              return done(
                  alert_.bind(c.machine_guid, a.alert_id, number(a.status), a.when_s, a.log_id, sqlite::Blob{a.entry}));
            },
            [&](const DropAlert &c) { return done(no_alert_.bind(c.machine_guid, c.alert_id)); },
            [&](const PutTransition &c) {
              const auto &t = c.transition;
              return done(transition_.bind(c.machine_guid, t.alert.alert_id, number(t.slot), t.order, t.alert.log_id,
                                           t.due_s, sqlite::Blob{t.alert.entry}));
            },
            [&](const DropTransition &c) {
              return done(no_transition_.bind(c.machine_guid, c.alert_id, number(c.slot)));
            },
            [&](const PutLastTime &c) { return done(last_time_.bind(c.node_id, c.us)); },
        },
        change);
  }

 private:
  template <class Enum>
  static std::int32_t number(Enum value) {
    return static_cast<std::int32_t>(value);
  }
  static bool done(Statement &s) {
    const bool ok = s.step() == SQLITE_DONE;
    s.reset();
    return ok;
  }

  Statement node_, context_, no_context_, log_, alert_, no_alert_, transition_, no_transition_, last_time_;
};

}  // namespace

std::string newer_database(const fs::path &file) {
  // https://www.sqlite.org/fileformat.html, "The Database Header": user_version is a big-endian number at offset 60.
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr std::size_t kHeader = 100;
  constexpr std::size_t kUserVersion = 60;
  std::array<char, kHeader> header{};
  // A pipe in its place may never be written to.
  const Fd in(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat st {};
  if (!in || ::fstat(in.get(), &st) != 0 || !S_ISREG(st.st_mode)) return {};
  if (::read(in.get(), header.data(), header.size()) != static_cast<ssize_t>(header.size())) return {};
  if (std::string_view(header.data(), kMagic.size()) != kMagic) return {};
  std::uint32_t version = 0;
  for (std::size_t i = kUserVersion; i < kUserVersion + 4; ++i)
    version = version << 8U | static_cast<unsigned char>(header.at(i));
  return version > kMigrations.size() ? newer_text(file, version) : std::string();
}

struct Store::Impl {
  Database db;

  // Calls row(statement) for each row.
  template <class Row>
  Result<void> each(Statement &&q, std::string_view what, Row row) {
    for (;;) {
      const int rc = q.step();
      if (rc == SQLITE_DONE) return {};
      if (rc != SQLITE_ROW) return tl::unexpected<Error>(sqlite::trouble(db.get(), what));
      row(q);
    }
  }

  Result<void> in_transaction(std::string_view what, const auto &body) {
    ACLK_CHECK(sqlite::run(db.get(), "BEGIN IMMEDIATE", what));
    auto r = body();
    if (r) r = sqlite::run(db.get(), "COMMIT", what);
    if (!r) sqlite3_exec(db.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    return r;
  }
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store &&) noexcept = default;
Store &Store::operator=(Store &&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const fs::path &file, std::string *note) {
  auto db = open_ready(file);
  std::error_code ec;
  if (!db && db.error().code == Errc::parse && fs::exists(file, ec)) {
    // Put it aside rather than lose what somebody may want to look at.
    const auto aside = fs::path(file.string() + ".damaged");
    fs::rename(file, aside, ec);
    if (ec) return tl::unexpected<Error>(db.error());
    fs::remove(file.string() + "-wal", ec);
    fs::remove(file.string() + "-shm", ec);
    if (note != nullptr)
      *note = fmt::format("{}; it was set aside as {} and is rebuilt from the cloud's answers", db.error().what,
                          aside.string());
    db = open_ready(file);
  }
  if (!db) return tl::unexpected<Error>(db.error());
  return Store(std::make_unique<Impl>(Impl{std::move(*db)}));
}

Result<std::vector<StoredNode>> Store::nodes(std::string_view claim_id) {
  std::vector<StoredNode> out;
  Statement q(impl_->db.get(), "SELECT machine_guid, node_id, hostname, hops FROM node WHERE claim_id = ?");
  q.bind(claim_id);
  return impl_
      ->each(std::move(q), "read the node ids",
             [&](const Statement &s) {
               out.push_back({s.text(0), s.text(1), s.text(2), static_cast<std::int32_t>(s.number(3))});
             })
      .map([&] { return std::move(out); });
}

Result<StoredContexts> Store::contexts(std::string_view node_id) {
  StoredContexts out;
  Statement q(impl_->db.get(), "SELECT id, version, first_s, last_s, print FROM context WHERE node_id = ?");
  q.bind(node_id);
  return impl_
      ->each(std::move(q), "read the versions of contexts",
             [&](const Statement &s) {
               out.emplace(s.text(0), StoredContext{s.unsigned_number(1), s.unsigned_number(2), s.unsigned_number(3),
                                                    s.unsigned_number(4)});
             })
      .map([&] { return std::move(out); });
}

Result<StoredAlerts> Store::alerts(std::string_view machine_guid) {
  StoredAlerts out;
  Statement log(impl_->db.get(), "SELECT last_log_id, streaming, resync FROM alert_log WHERE machine_guid = ?");
  log.bind(machine_guid);
  Statement alerts(impl_->db.get(),
                   "SELECT alert_id, status, version, log_id, entry FROM alert WHERE machine_guid = ?");
  alerts.bind(machine_guid);
  Statement queue(impl_->db.get(),
                  "SELECT alert_id, slot, place, log_id, due_s, entry FROM transition WHERE machine_guid = ?");
  queue.bind(machine_guid);
  return impl_
      ->each(std::move(log), "read the state of alerts",
             [&](const Statement &s) {
               out.log = StoredAlertLog{
                   .last_log_id = s.unsigned_number(0), .streaming = s.number(1) != 0, .resync = s.number(2) != 0};
             })
      .and_then([&] {
        return impl_->each(std::move(alerts), "read the alerts", [&](const Statement &s) {
          out.alerts.push_back({.alert_id = s.text(0),
                                .log_id = s.unsigned_number(3),
                                .when_s = s.unsigned_number(2),
                                .status = static_cast<proto::AlarmStatus>(s.number(1)),
                                .old_status = {},
                                .entry = s.text(4)});
        });
      })
      .and_then([&] {
        return impl_->each(std::move(queue), "read the queue of transitions", [&](const Statement &s) {
          if (s.number(1) < 0 || s.number(1) > 2) return;
          StoredTransition t{
              .alert = {}, .slot = static_cast<Slot>(s.number(1)), .order = s.unsigned_number(2), .due_s = s.number(4)};
          t.alert.alert_id = s.text(0);
          t.alert.log_id = s.unsigned_number(3);
          t.alert.entry = s.text(5);
          out.transitions.push_back(std::move(t));
        });
      })
      .map([&] { return std::move(out); });
}

Result<std::int64_t> Store::last_time(std::string_view node_id) {
  std::int64_t out = 0;
  Statement q(impl_->db.get(), "SELECT us FROM last_time WHERE node_id = ?");
  q.bind(node_id);
  return impl_->each(std::move(q), "read the last time", [&](const Statement &s) { out = s.number(0); }).map([&] {
    return out;
  });
}

Result<void> Store::apply(const std::map<std::string, Change> &changes) {
  constexpr auto kWhat = "save the state of the link";
  return impl_->in_transaction(kWhat, [&]() -> Result<void> {
    Writer w(impl_->db.get());
    for (const auto &[row, change] : changes)
      if (!w.write(change)) return tl::unexpected<Error>(sqlite::trouble(impl_->db.get(), kWhat));
    return {};
  });
}

Result<void> Store::keep_only(std::string_view claim_id) {
  constexpr auto kWhat = "forget earlier claims";
  Statement q(impl_->db.get(), "SELECT 1 FROM claim WHERE claim_id = ?");
  q.bind(claim_id);
  if (q.step() == SQLITE_ROW) return {};
  q.reset();
  return impl_->in_transaction(kWhat, [&]() -> Result<void> {
    for (const char *sql : {kForgetMost, "DELETE FROM last_time WHERE node_id <> ''"})
      ACLK_CHECK(sqlite::run(impl_->db.get(), sql, kWhat));
    for (const char *sql : {"DELETE FROM node WHERE claim_id <> ?", "INSERT INTO claim VALUES (?)"}) {
      Statement s(impl_->db.get(), sql);
      if (s.bind(claim_id).step() != SQLITE_DONE) return tl::unexpected<Error>(sqlite::trouble(impl_->db.get(), kWhat));
    }
    return {};
  });
}

Result<void> Store::clear() {
  constexpr auto kWhat = "begin the state of the link anew";
  return impl_->in_transaction(kWhat, [&] {
    return sqlite::run(impl_->db.get(), kForgetMost, kWhat).and_then([&] {
      return sqlite::run(impl_->db.get(), "DELETE FROM node", kWhat);
    });
  });
}

}  // namespace aclk::sync
