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

// The facts about one node.
struct NodeFacts {
  naclk_node_info info{};  // but for its labels
  std::vector<naclk_pair> labels;
  Texts texts;

  // Valid as long as this object and its labels stay as they are.
  [[nodiscard]] naclk_node_info with_labels() const {
    auto all = info;
    all.labels = labels.data();
    all.label_count = labels.size();
    return all;
  }
};

}  // namespace aclk::external
