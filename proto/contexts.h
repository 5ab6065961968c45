// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages about the contexts of a node (proto/README.md, "From agent to cloud"; aclk/sync/README.md, "Contexts"). See
// proto/message_types.h for what all codecs have in common. Versions and hashes are made elsewhere; here they are
// numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aclk::proto {

// One context in either message below.
struct ContextUpdated {
  std::string id;  // system.cpu
  std::uint64_t version = 0;
  std::uint64_t first_entry = 0;  // second, 0 = not known yet
  std::uint64_t last_entry = 0;   // second, 0 = being collected
  bool deleted = false;           // only in ContextsUpdated
  std::string title;
  std::uint64_t priority = 0;
  std::string chart_type;  // line, area, stacked, heatmap
  std::string units;
  std::string family;

  bool operator==(const ContextUpdated &) const = default;
};

// Topic contexts-snapshot.
struct ContextsSnapshot {
  std::vector<ContextUpdated> contexts;
  std::string claim_id;
  std::string node_id;
  std::uint64_t version = 0;  // the version hash after applying it

  bool operator==(const ContextsSnapshot &) const = default;
};

// Topic contexts-updated.
struct ContextsUpdated {
  std::vector<ContextUpdated> context_updates;
  std::string claim_id;
  std::string node_id;
  std::uint64_t version_hash = 0;   // after applying it
  std::uint64_t created_at_us = 0;  // start of the dispatch pass; ever increasing

  bool operator==(const ContextsUpdated &) const = default;
};

[[nodiscard]] std::string encode(const ContextsSnapshot &m);
[[nodiscard]] std::string encode(const ContextsUpdated &m);

}  // namespace aclk::proto
