// SPDX-License-Identifier: GPL-3.0-or-later
//
// The facts about one node out of /api/v1/info (plugin-api/external/API.md, "Identity and node info"; proto/README.md,
// "Node facts"), and its collectors.
#pragma once

#include <nlohmann/json.hpp>

#include "plugin-api/external/json/values.h"

namespace aclk::external {

// What /api/v1/info of a node does not tell.
struct NodeExtras {
  std::string name;  // host name
  std::string os;    // "linux"
  std::string custom_info;
  std::string timezone;  // abbreviation
  bool local = false;
  std::string proxy_label;  // value of _aclk_proxy: none, HTTP, HTTPS, SOCKS5, SOCKS5H
};

// Labels are preferred to the members of the same meaning: a child's members went through a URL, where + got lost.
// The labels of the local node say what is true with this plugin: _aclk_available and its companions, which an agent
// built without cloud denies. A child's labels are its own business. At most 1000 labels.
[[nodiscard]] NodeFacts read_node_info(const nlohmann::json &info, const NodeExtras &extras);

// "2.596e+09", "2.3e 09" (a + that became a space), "2300000000" as an integer of Hz; "" for anything else.
[[nodiscard]] std::string integer_hz(std::string text);

// Distinct pairs, sorted.
[[nodiscard]] CollectorList read_collectors(const nlohmann::json &info);

}  // namespace aclk::external
