// SPDX-License-Identifier: GPL-3.0-or-later
//
// What must survive a restart, in one SQLite file beside the keys (cloud.d/aclk.db). Losing the file costs a
// resynchronisation, never a wrong state. Loop thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"

namespace aclk::sync {

// A node that the cloud has given an id to, under one claim: ids belong to (claim id, machine guid).
struct StoredNode {
  std::string machine_guid;
  std::string node_id;
  std::string hostname;
  std::int32_t hops = 0;
};

class Store {
 public:
  // Opens or creates the file (mode 0600) and brings its tables up to date. A file that is no database, or is damaged,
  // is set aside as aclk.db.damaged and begun anew; `note` then has a sentence about it. ":memory:" is allowed.
  [[nodiscard]] static Result<Store> open(const std::filesystem::path &file, std::string *note = nullptr);
  Store(Store &&) noexcept;
  Store &operator=(Store &&) noexcept;
  Store(const Store &) = delete;
  Store &operator=(const Store &) = delete;
  ~Store();

  [[nodiscard]] Result<std::vector<StoredNode>> nodes(std::string_view claim_id);
  // Inserts or replaces.
  [[nodiscard]] Result<void> put_node(std::string_view claim_id, const StoredNode &node);
  // Forgets the nodes of every other claim.
  [[nodiscard]] Result<void> keep_only(std::string_view claim_id);

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aclk::sync
