// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/store/sqlite.h"

#include <fmt/format.h>

namespace aclk::sync::sqlite {

Error trouble(sqlite3 *db, std::string_view what) {
  const int rc = db == nullptr ? SQLITE_NOMEM : sqlite3_errcode(db);
  const bool damaged = rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB;
  return {damaged ? Errc::parse : Errc::io,
          fmt::format("cannot {}: {}", what, db == nullptr ? "out of memory" : sqlite3_errmsg(db))};
}

Result<void> run(sqlite3 *db, const char *sql, std::string_view what) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return tl::unexpected<Error>(trouble(db, what));
  return {};
}

Statement::Statement(sqlite3 *db, const char *sql) {
  sqlite3_stmt *s = nullptr;
  sqlite3_prepare_v2(db, sql, -1, &s, nullptr);
  s_.reset(s);
}

std::string Statement::text(int column) const {
  const auto *const bytes = static_cast<const char *>(sqlite3_column_blob(s_.get(), column));
  return bytes == nullptr ? std::string()
                          : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(s_.get(), column)));
}

}  // namespace aclk::sync::sqlite
