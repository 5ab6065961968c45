// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is read from the database of an agent 1.37: the children that were away when it started, which its web API does
// not know (plugin-api/external/API.md, "Children", "The agent's database").
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"
#include "plugin-api/external/agent/http_connection.h"
#include "plugin-api/external/json/values.h"

struct sqlite3;
struct sqlite3_stmt;

namespace aclk::external {

inline constexpr int kMetaVersion = 7;  // PRAGMA user_version of the agent whose tables are known: 1.37.1

// The agent's own database, CACHE/netdata-meta.db, for the few things that its REST API keeps to itself
// (plugin-api/external/API.md, "The agent's database"). Opened read-only as the agent's own user, for the length of one
// question: a reader that stays keeps the agent from shrinking its WAL. One object, one thread; any number of objects.
class MetaDb {
 public:
  // Columns are counted from 0. What has another type than wanted is converted as SQLite does; NULL is "" and 0.
  class Row {
   public:
    explicit Row(sqlite3_stmt *statement) : statement_(statement) {}
    [[nodiscard]] std::string text(int column) const;  // at most kMaxField bytes, UTF-8
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] std::string uuid(int column) const;  // of a blob of 16 bytes; "" for anything else and for all zeros

   private:
    sqlite3_stmt *statement_;
  };
  struct Uuid {
    std::string_view text;  // compared with the blob that the agent stores
  };

  // Errors: io (not there, not readable, damaged, locked), unsupported (its version is not kMetaVersion). All
  // questions asked of one object see the same state. They must be over after `time`, or else fail with timeout.
  [[nodiscard]] static Result<MetaDb> open(const std::filesystem::path &cache_dir,
                                           const Interrupted &interrupted = nullptr,
                                           std::chrono::milliseconds time = std::chrono::milliseconds(2000));

  // One SELECT. `each` gets its rows until it returns false; it must not throw anything but bad_alloc.
  [[nodiscard]] Result<void> select(const char *sql, std::initializer_list<Uuid> values,
                                    const std::function<bool(const Row &)> &each);

  MetaDb(MetaDb &&) noexcept;
  MetaDb &operator=(MetaDb &&) noexcept;
  MetaDb(const MetaDb &) = delete;
  MetaDb &operator=(const MetaDb &) = delete;
  ~MetaDb();

 private:
  struct Impl;
  explicit MetaDb(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Table host: nodes with hops > 0, as nodes that are not live. At most 10 000.
[[nodiscard]] Result<NodeList> read_children(MetaDb &db);

// A child as /api/v1/info would show it if it were there (as far as read_node_info and read_collectors look),
// with hostname, os and timezone beside. not_found: the database does not know it either.
[[nodiscard]] Result<nlohmann::json> read_stored_info(MetaDb &db, std::string_view node);

}  // namespace aclk::external
