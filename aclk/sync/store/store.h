// SPDX-License-Identifier: GPL-3.0-or-later
//
// What must survive a restart, in one SQLite file beside the keys (cloud.d/aclk.db, WAL, mode 0600). Losing the file
// costs a resynchronisation, never a wrong state. Loop thread only.
//
// Errors: Errc::parse = damaged, Errc::unsupported = a newer version of this software has written it, Errc::io =
// everything that may pass (full, read-only, no such directory).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aclk/sync/store/records.h"
#include "claim/base/result.h"

namespace aclk::sync {

using StoredContexts = std::map<std::string, StoredContext, std::less<>>;

// All that is kept about one node's alerts.
struct StoredAlerts {
  std::optional<StoredAlertLog> log;  // nullopt = never looked at
  std::vector<proto::Alert> alerts;   // as the cloud has them
  std::vector<StoredTransition> transitions;
};

class Store {
 public:
  // Opens or creates the file and brings its tables up to date. A file that is no database, or is damaged, is set aside
  // as aclk.db.damaged and begun anew; `note` then has a sentence about it. A file of a newer version is left as it is.
  // ":memory:" is allowed.
  [[nodiscard]] static Result<Store> open(const std::filesystem::path &file, std::string *note = nullptr);
  Store(Store &&) noexcept;
  Store &operator=(Store &&) noexcept;
  Store(const Store &) = delete;
  Store &operator=(const Store &) = delete;
  ~Store();

  [[nodiscard]] Result<std::vector<StoredNode>> nodes(std::string_view claim_id);
  [[nodiscard]] Result<StoredContexts> contexts(std::string_view node_id);
  [[nodiscard]] Result<StoredAlerts> alerts(std::string_view machine_guid);
  // As in PutLastTime; 0 = there was none.
  [[nodiscard]] Result<std::int64_t> last_time(std::string_view node_id);

  // All of them or none, on disk when it returns.
  [[nodiscard]] Result<void> apply(const std::map<std::string, Change> &changes);
  // Forgets what was sent under every other claim. The last session id stays, whatever the claim.
  [[nodiscard]] Result<void> keep_only(std::string_view claim_id);
  // Forgets everything but the times that only rise.
  [[nodiscard]] Result<void> clear();

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What Store::open() says of a file that a newer version has written; empty: it is none, or there is none. For whoever
// must not disturb the owner of the file: it reads its first 100 bytes.
[[nodiscard]] std::string newer_database(const std::filesystem::path &file);

}  // namespace aclk::sync
