// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/external/meta_db_file.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "claim/base/c_own.h"

namespace aclk::external::test {
namespace {

std::string blob(std::string uuid) {
  std::erase(uuid, '-');
  return uuid.empty() ? "NULL" : fmt::format("x'{}'", uuid);
}

constexpr const char *kTables =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE host (host_id BLOB PRIMARY KEY, hostname TEXT, registry_hostname TEXT, update_every INT, os TEXT,"
    " timezone TEXT, tags TEXT, hops INT, memory_mode INT, abbrev_timezone TEXT, utc_offset INT, program_name TEXT,"
    " program_version TEXT, entries INT, health_enabled INT);"
    "CREATE TABLE host_info (host_id BLOB, system_key TEXT, system_value TEXT, date_created INT,"
    " PRIMARY KEY (host_id, system_key));"
    "CREATE TABLE host_label (host_id BLOB, source_type INT, label_key TEXT, label_value TEXT, date_created INT,"
    " PRIMARY KEY (host_id, label_key));"
    "CREATE TABLE chart (chart_id BLOB PRIMARY KEY, host_id BLOB, type TEXT, id TEXT, name TEXT, family TEXT,"
    " context TEXT, title TEXT, unit TEXT, plugin TEXT, module TEXT, priority INT, update_every INT, chart_type INT,"
    " memory_mode INT, history_entries);";

}  // namespace

struct MetaDbFile::Open {
  COwn<sqlite3, sqlite3_close> db;
};

MetaDbFile::MetaDbFile(int user_version) : open_(new Open) {
  sqlite3 *raw = nullptr;
  if (sqlite3_open(file().c_str(), &raw) != SQLITE_OK) std::abort();
  open_->db.reset(raw);
  run(kTables);
  run(fmt::format("PRAGMA user_version = {}", user_version));
}

MetaDbFile::~MetaDbFile() { delete open_; }

void MetaDbFile::run(const std::string &sql) {
  if (sqlite3_exec(open_->db.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return;
  std::fprintf(stderr, "%s: %s\n", sql.c_str(), sqlite3_errmsg(open_->db.get()));
  std::abort();
}

void MetaDbFile::add_host(const std::string &guid, const std::string &name, int hops) {
  run(
      fmt::format("INSERT INTO host (host_id, hostname, hops, os, abbrev_timezone, utc_offset, program_version) "
                  "VALUES ({}, '{}', {}, 'linux', 'CET', 3600, 'v1.37.1')",
                  blob(guid), name, hops));
}

}  // namespace aclk::external::test
