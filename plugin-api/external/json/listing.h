// SPDX-License-Identifier: GPL-3.0-or-later
//
// Structs of the ABI with the texts that they point at: what the agent tells is read into them, and hooks show them as
// they are.
#pragma once

#include <netdata-aclk/plugin.h>

#include <vector>

#include "plugin-api/external/json/texts.h"

namespace aclk::external {

// Copies are cheap: they share the text.
template <class Item>
struct Listing {
  std::vector<Item> items;
  Texts texts;

  // A new one at the end, all zeros but for its size.
  Item &add() {
    auto &item = items.emplace_back();
    item.size = sizeof item;
    return item;
  }
};

using NodeList = Listing<naclk_node>;
using CollectorList = Listing<naclk_collector>;
using ContextList = Listing<naclk_context>;

// The facts about one node. `info` points at `labels`, so it can be moved only.
struct NodeFacts {
  naclk_node_info info{};
  std::vector<naclk_pair> labels;
  Texts texts;

  NodeFacts() = default;
  NodeFacts(NodeFacts &&) = default;
  NodeFacts &operator=(NodeFacts &&) = default;
};

}  // namespace aclk::external
