// SPDX-License-Identifier: GPL-3.0-or-later
//
// Values of the ABI, outside of a call: the agent's answers are read into its structs, kept with the texts that those
// point at, and shown to a visitor as they are. Copies are cheap, they share the texts; one thread at a time adds to
// them.
#pragma once

#include <netdata-aclk/plugin.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"

namespace aclk::external {

// Texts of the ABI are views.
[[nodiscard]] constexpr naclk_str view(std::string_view s) { return {s.data(), s.size()}; }
[[nodiscard]] inline std::string_view text(naclk_str s) {
  return s.data == nullptr ? std::string_view{} : std::string_view(s.data, s.len);
}

// Owns the texts that structs of the ABI point at.
class Texts {
 public:
  // A copy of it, valid as long as this object or a copy of this object: those share what is kept, and only one thread
  // may add to them at a time.
  [[nodiscard]] naclk_str keep(std::string_view text) {
    if (text.empty()) return {};
    auto *const to = static_cast<char *>(memory_->allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

 private:
  std::shared_ptr<std::pmr::monotonic_buffer_resource> memory_ =
      std::make_shared<std::pmr::monotonic_buffer_resource>();
};

// What the agent lists.
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

// The definition of an alert, as it is remembered (alert_definitions.h); show() turns it into the struct of the ABI.
// Fields mean what <netdata-aclk/plugin.h> says of the fields with the same names.
struct AlertConfig {
  std::string config_hash, alarm, template_name, on_chart, classification, type, component, os, hosts, plugin, module,
      charts, lookup, every, units, green, red, calculation_expr, warning_expr, critical_expr, recipient, exec, delay,
      repeat, info, summary, options, host_labels, chart_labels;
  bool has_lookup = false;
  std::int32_t lookup_after = 0;
  std::int32_t lookup_before = 0;
  std::string lookup_dimensions, lookup_method, lookup_options;
  std::int32_t update_every_s = 0;
  // Not of the ABI:
  std::string conf_source;  // line=4,file=/path
  bool partial = false;     // read from a log entry; the expressions are not known
};

// Calls the visitor with the struct of the ABI, which is valid for that call; gives back what it returned.
template <class Item>
int show(const Item &item, int (*visit)(void *, const Item *), void *ctx) {
  return visit(ctx, &item);
}
int show(const AlertConfig &value, naclk_alert_config_fn visit, void *ctx);

// The return value of a hook that failed.
[[nodiscard]] int negated_errno(Errc code);

}  // namespace aclk::external
