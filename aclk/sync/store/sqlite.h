// SPDX-License-Identifier: GPL-3.0-or-later
//
// SQLite handles that free themselves, and statements that are easy to bind. Errors: Errc::parse where the file is no
// database or is damaged, Errc::io for everything that may be different another time (full, read-only, busy).
#pragma once

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "claim/base/c_own.h"
#include "claim/base/result.h"

namespace aclk::sync::sqlite {

using Database = COwn<sqlite3, sqlite3_close>;

// `db` may be null: out of memory.
[[nodiscard]] inline Error trouble(sqlite3 *db, std::string_view what) {
  const int rc = db == nullptr ? SQLITE_NOMEM : sqlite3_errcode(db);
  const bool damaged = rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB;
  return {damaged ? Errc::parse : Errc::io,
          fmt::format("cannot {}: {}", what, db == nullptr ? "out of memory" : sqlite3_errmsg(db))};
}
[[nodiscard]] inline Result<void> run(sqlite3 *db, const char *sql, std::string_view what) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return tl::unexpected<Error>(trouble(db, what));
  return {};
}

struct Blob {
  std::string_view bytes;
};

class Statement {
 public:
  Statement(sqlite3 *db, const char *sql) {
    sqlite3_stmt *s = nullptr;
    sqlite3_prepare_v2(db, sql, -1, &s, nullptr);
    s_.reset(s);
  }
  // Placeholders in order, from ?1.
  template <class... A>
  Statement &bind(const A &...values) {
    int n = 0;
    (put(++n, values), ...);
    return *this;
  }
  // SQLITE_ROW, SQLITE_DONE or an error; also when the statement could not be prepared.
  int step() { return s_ ? sqlite3_step(s_.get()) : SQLITE_ERROR; }
  void reset() { sqlite3_reset(s_.get()); }
  // A blob's bytes, too.
  [[nodiscard]] std::string text(int column) const {
    const auto *const bytes = static_cast<const char *>(sqlite3_column_blob(s_.get(), column));
    return bytes == nullptr ? std::string()
                            : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(s_.get(), column)));
  }
  [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(s_.get(), column); }
  [[nodiscard]] std::uint64_t unsigned_number(int column) const { return static_cast<std::uint64_t>(number(column)); }

 private:
  void put(int n, std::string_view text) {
    sqlite3_bind_text(s_.get(), n, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  }
  void put(int n, Blob b) {
    sqlite3_bind_blob(s_.get(), n, b.bytes.data(), static_cast<int>(b.bytes.size()), SQLITE_TRANSIENT);
  }
  void put(int n, std::int64_t v) { sqlite3_bind_int64(s_.get(), n, v); }
  void put(int n, std::uint64_t v) { put(n, static_cast<std::int64_t>(v)); }
  void put(int n, std::int32_t v) { put(n, std::int64_t{v}); }
  void put(int n, std::uint32_t v) { put(n, std::int64_t{v}); }
  void put(int n, bool v) { put(n, std::int64_t{v ? 1 : 0}); }

  COwn<sqlite3_stmt, sqlite3_finalize> s_;
};

}  // namespace aclk::sync::sqlite
