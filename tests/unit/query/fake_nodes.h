// SPDX-License-Identifier: GPL-3.0-or-later
//
// A parent with one child, for whoever needs to look nodes up.
#pragma once

#include <optional>
#include <string_view>

#include "aclk/query/target.h"

namespace aclk::query::test {

inline constexpr auto kLocalGuid = "11111111-1111-4111-8111-111111111111";
inline constexpr auto kLocalNode = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
inline constexpr auto kChildGuid = "22222222-2222-4222-8222-222222222222";
inline constexpr auto kChildNode = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";
// As node id it names the child, as machine guid the local node: shows which was looked up first.
inline constexpr auto kBoth = "cccccccc-cccc-4ccc-8ccc-cccccccccccc";

class FakeNodes final : public NodeIndex {
 public:
  [[nodiscard]] std::optional<NodeRef> by_node_id(std::string_view uuid) const override {
    if (uuid == kLocalNode) return local();
    if (uuid == kChildNode || uuid == kBoth) return child();
    return std::nullopt;
  }
  [[nodiscard]] std::optional<NodeRef> by_machine_guid(std::string_view uuid) const override {
    if (uuid == kLocalGuid || uuid == kBoth) return local();
    if (uuid == kChildGuid) return child();
    return std::nullopt;
  }
  [[nodiscard]] std::optional<NodeRef> by_hostname(std::string_view hostname) const override {
    if (hostname == "parent") return local();
    if (hostname == "child") return child();
    // A host that is called like the child's node id: names are looked at last.
    if (hostname == kChildNode) return local();
    return std::nullopt;
  }

 private:
  static NodeRef local() { return {kLocalGuid, true}; }
  static NodeRef child() { return {kChildGuid, false}; }
};

}  // namespace aclk::query::test
