// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the poller announces and the hooks take (announced_answers.h). The module lists nodes and reads contexts as soon
// as it is told of a change; facts and collectors of a node it reads half a minute later (aclk/sync/README.md, "Node
// info and collectors").
#pragma once

#include <nlohmann/json.hpp>

#include "plugin-api/external/agent/announced_answers.h"
#include "plugin-api/external/json/listing.h"

namespace aclk::external {

struct PolledAnswers {
  static constexpr std::chrono::seconds kReadAtOnce{10};
  static constexpr std::chrono::seconds kReadWhenSettled{45};

  // /api/v1/info: of the local node for the list of nodes, of each node for its facts and for its collectors.
  AnnouncedAnswers<nlohmann::json> nodes{kReadAtOnce};
  AnnouncedAnswers<nlohmann::json> node_info{kReadWhenSettled};
  AnnouncedAnswers<nlohmann::json> collectors{kReadWhenSettled};
  // /api/v1/contexts
  AnnouncedAnswers<ContextList> contexts{kReadAtOnce};

  void drop_old(std::chrono::steady_clock::time_point now) {
    nodes.drop_old(now);
    node_info.drop_old(now);
    collectors.drop_old(now);
    contexts.drop_old(now);
  }
  void drop_all() {
    nodes.drop_all();
    node_info.drop_all();
    collectors.drop_all();
    contexts.drop_all();
  }
};

}  // namespace aclk::external
