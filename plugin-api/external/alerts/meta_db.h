// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's own database, CACHE/netdata-meta.db, for the few things that its REST API keeps to itself
// (plugin-api/external/API.md, "The agent's database"). Opened read-only as the agent's own user, for the length of one
// question: a reader that stays keeps the agent from shrinking its WAL. One object, one thread; any number of objects.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "claim/base/result.h"
#include "plugin-api/external/agent/http_connection.h"

struct sqlite3;
struct sqlite3_stmt;

namespace aclk::external {

// PRAGMA user_version of the two agents whose tables are known: 1.37.1 and 2.10.4.
inline constexpr int kMetaVersionV1 = 7;
inline constexpr int kMetaVersionV2 = 18;

class MetaDb {
 public:
  // Columns are counted from 0. What has another type than wanted is converted as SQLite does; NULL is "", 0, NaN.
  class Row {
   public:
    explicit Row(sqlite3_stmt *statement) : statement_(statement) {}
    [[nodiscard]] std::string text(int column) const;  // at most kMaxField bytes, UTF-8
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] std::uint64_t positive(int column) const;  // 0 for what is below
    [[nodiscard]] double real(int column) const;
    [[nodiscard]] std::string uuid(int column) const;  // of a blob of 16 bytes; "" for anything else and for all zeros

   private:
    sqlite3_stmt *statement_;
  };
  struct Uuid {
    std::string_view text;  // compared with the blob that the agent stores
  };
  using Value = std::variant<std::int64_t, Uuid>;

  // Errors: io (not there, not readable, damaged, locked), unsupported (its version is not `user_version`). All
  // questions asked of one object see the same state. They must be over after `time`, or else fail with timeout.
  [[nodiscard]] static Result<MetaDb> open(const std::filesystem::path &cache_dir, int user_version,
                                           const Interrupted &interrupted = nullptr,
                                           std::chrono::milliseconds time = std::chrono::milliseconds(2000));

  // One SELECT. `each` gets its rows until it returns false; it must not throw anything but bad_alloc.
  [[nodiscard]] Result<void> select(const char *sql, std::initializer_list<Value> values,
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

}  // namespace aclk::external
