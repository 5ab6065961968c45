// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is read from the agent's database: of 1.x the children that are away, of 2.x the whole health log, of which
// /api/v2/alert_transitions shows only what raised or cleared an alert (plugin-api/external/API.md, "Children", "Alerts
// of 2.x", "The agent's database").
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
#include <variant>
#include <vector>

#include "claim/base/result.h"
#include "plugin-api/external/agent/http_connection.h"
#include "plugin-api/external/json/values.h"

struct sqlite3;
struct sqlite3_stmt;

namespace aclk::external {

// The agent's own database, CACHE/netdata-meta.db, for the few things that its REST API keeps to itself
// (plugin-api/external/API.md, "The agent's database"). Opened read-only as the agent's own user, for the length of one
// question: a reader that stays keeps the agent from shrinking its WAL. One object, one thread; any number of objects.

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

// Table host of 1.x: nodes with hops > 0, as nodes that are not live. At most 10 000.
[[nodiscard]] Result<std::vector<Node>> read_children(MetaDb &db);

// A child of 1.x as /api/v1/info would tell it if it were there (as far as read_node_info and read_collectors look),
// with hostname, os and timezone beside. not_found: the database does not know it either.
[[nodiscard]] Result<nlohmann::json> read_stored_info(MetaDb &db, std::string_view node);

// The health log of one node of 2.x after `after` (gi, microseconds).
struct DbLog {
  std::vector<Alert> entries;    // oldest first; log_id is the gi; where definitions stand is not filled
  std::string hostname;          // "" = the node is not in the database
  bool more = false;             // there are more after these
  bool cut = false;              // there are more before these
  std::uint64_t before = 0;      // the newest gi that is not above `after`; 0 = none
  std::uint64_t last_added = 0;  // gi of the entry that was written last; 0 = the log is empty
};
// The oldest `limit` entries, 20 000 at most. limit = 0: to the end of the log, the newest 20 000.
[[nodiscard]] Result<DbLog> read_health_log(MetaDb &db, std::string_view node, std::uint64_t after,
                                            std::uint32_t limit);

// The last transition of each alert that this node of 2.x ever had.
[[nodiscard]] Result<std::vector<Alert>> read_last_transitions(MetaDb &db, std::string_view node);

}  // namespace aclk::external
