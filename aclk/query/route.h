// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where a question goes: to the host, or straight back with an answer made here.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "aclk/query/allow_list.h"
#include "aclk/query/answer.h"
#include "aclk/query/target.h"

namespace aclk::query {

struct Forward {
  std::string machine_guid;  // empty = the local node
  std::string endpoint;      // a name of the allow-list
  std::string target;        // /api/v1/data?chart=... : written anew from what was decided on, never copied
};

// Pure. The order of the checks is the agents': path, node, version, right to ask, sub-path.
[[nodiscard]] std::variant<Forward, Answer> route(Method method, std::string_view raw_target, const NodeIndex &nodes,
                                                  Scope scope);

}  // namespace aclk::query
