// SPDX-License-Identifier: GPL-3.0-or-later
//
// SQLite handles that free themselves, and statements that are easy to bind. Errors: Errc::parse where the file is no
// database or is damaged, Errc::io for everything that may be different another time (full, read-only, busy).
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "claim/base/c_own.h"
#include "claim/base/result.h"

namespace aclk::sync::sqlite {

using Database = COwn<sqlite3, sqlite3_close>;

// `db` may be null: out of memory.
[[nodiscard]] Error trouble(sqlite3 *db, std::string_view what);
[[nodiscard]] Result<void> run(sqlite3 *db, const char *sql, std::string_view what);

struct Blob {
  std::string_view bytes;
};

class Statement {
 public:
  Statement(sqlite3 *db, const char *sql);
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
  [[nodiscard]] std::string text(int column) const;  // a blob's bytes too
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
