// SPDX-License-Identifier: GPL-3.0-or-later
//
// Values into the structs of the ABI, for the time of one visit. What the visitor returned is given back.
#pragma once

#include <string_view>

#include "claim/base/result.h"
#include "plugin-api/external/json/values.h"

namespace aclk::external {

[[nodiscard]] inline naclk_str view(std::string_view s) { return {s.data(), s.size()}; }
[[nodiscard]] inline std::string_view text(naclk_str s) {
  return s.data == nullptr ? std::string_view{} : std::string_view(s.data, s.len);
}

int show(const Node &value, naclk_node_fn visit, void *ctx);
int show(const NodeInfo &value, naclk_node_info_fn visit, void *ctx);
int show(const Collector &value, naclk_collector_fn visit, void *ctx);
int show(const Context &value, naclk_context_fn visit, void *ctx);
int show(const Alert &value, naclk_alert_fn visit, void *ctx);
int show(const AlertConfig &value, naclk_alert_config_fn visit, void *ctx);

[[nodiscard]] std::vector<naclk_capability> view(const std::vector<Capability> &capabilities);

// The return value of a hook that failed.
[[nodiscard]] int negated_errno(Errc code);

}  // namespace aclk::external
