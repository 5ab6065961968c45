// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where a test's AgentClient looks for its agent, and what an agent says of itself there.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plugin-api/external/agent/agent_client.h"

namespace aclk::external::test {

inline AgentClient::Candidates at(std::vector<Endpoint> places) {
  return [places = std::move(places)]() -> Result<std::vector<Candidate>> {
    std::vector<Candidate> out;
    for (const auto &p : places) out.push_back({p, "test"});
    return out;
  };
}

inline std::string info_of(const std::string &uid) { return "{\"uid\":\"" + uid + "\",\"version\":\"v1.37.1\"}"; }

}  // namespace aclk::external::test
