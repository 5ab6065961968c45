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
    "CREATE TABLE health_log (health_log_id INTEGER PRIMARY KEY, host_id BLOB, alarm_id INT, config_hash_id BLOB,"
    " name TEXT, chart TEXT, family TEXT, recipient TEXT, units TEXT, exec TEXT, chart_context TEXT,"
    " last_transition_id BLOB, chart_name TEXT, UNIQUE (host_id, alarm_id));"
    "CREATE TABLE health_log_detail (health_log_id INT, unique_id INT, alarm_id INT, alarm_event_id INT,"
    " updated_by_id INT, updates_id INT, when_key INT, duration INT, non_clear_duration INT, flags INT,"
    " exec_run_timestamp INT, delay_up_to_timestamp INT, info TEXT, exec_code INT, new_status REAL, old_status REAL,"
    " delay INT, new_value DOUBLE, old_value DOUBLE, last_repeat INT, transition_id BLOB, global_id INT,"
    " summary TEXT);"
    "CREATE TABLE host_info (host_id BLOB, system_key TEXT, system_value TEXT, date_created INT,"
    " PRIMARY KEY (host_id, system_key));"
    "CREATE TABLE host_label (host_id BLOB, source_type INT, label_key TEXT, label_value TEXT, date_created INT,"
    " PRIMARY KEY (host_id, label_key));"
    "CREATE TABLE chart (chart_id BLOB PRIMARY KEY, host_id BLOB, type TEXT, id TEXT, name TEXT, family TEXT,"
    " context TEXT, title TEXT, unit TEXT, plugin TEXT, module TEXT, priority INT, update_every INT, chart_type INT,"
    " memory_mode INT, history_entries);"
    "CREATE INDEX by_global_id ON health_log_detail (global_id);"
    "CREATE INDEX by_transition ON health_log_detail (transition_id);";

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

void MetaDbFile::add(const LogRow &row) {
  const auto key = std::hash<std::string>{}(row.node + row.alert) % 1'000'000'000;
  const auto transition = blob(row.transition);
  run(
      fmt::format("INSERT OR IGNORE INTO health_log VALUES ({}, {}, {}, x'0d1c2b3a444445558666777788889999', '{}',"
                  " 'stocktest.c1', 'stock', 'sysadmin', 'things', '/n.sh', 'stocktest.value', NULL,"
                  " 'stocktest.chart_one')",
                  key, blob(row.node), key, row.alert));
  run(
      fmt::format("INSERT INTO health_log_detail VALUES ({}, {}, {}, {}, 0, 0, {}, 60, 120, {}, 0, {}, 'the info', 0,"
                  " {}, {}, 30, 25.5, NULL, 0, {}, {}, 'the summary')",
                  key, row.event + 100, key, row.event, row.gi / 1'000'000, row.flags, (row.gi / 1'000'000) + 30,
                  row.new_status, row.old_status, transition, row.gi));
  if (row.last)
    run(fmt::format("UPDATE health_log SET last_transition_id = {} WHERE health_log_id = {}", transition, key));
}

}  // namespace aclk::external::test
