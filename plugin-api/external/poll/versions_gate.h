// SPDX-License-Identifier: GPL-3.0-or-later
//
// What has to be looked at, by /api/v2/versions of an agent of 1.38 to 1.47: one small answer that changes when nodes,
// contexts or alerts of any node do, children included. Pure: the time is an argument. One thread.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugin-api/external/poll/change_detector.h"

namespace aclk::external {

class VersionsGate {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Is it worth asking? An agent that does not answer has none, until it starts anew (`epoch` of class AgentClient).
  [[nodiscard]] bool ask(unsigned epoch);

  // Has it answered with them?
  [[nodiscard]] bool tells() const { return offered_ && last_.has_value(); }

  struct Look {
    bool alerts = true;     // at the alert logs
    bool few = false;       // of a few nodes only: nothing says that they have changed
    bool nodes = false;     // at the list of nodes, now
    bool contexts = false;  // at the contexts, now
  };
  // The answer, nullopt = none. The alerts are looked at while they change and 15 s after, and those of
  // a few nodes each 10 s.
  [[nodiscard]] Look versions(const std::optional<Versions> &versions, Time now);
  // May the look at the contexts, which is due, be left out? Each minute it may not: a context that is collected no
  // more is no change there.
  [[nodiscard]] bool contexts_same(Time now);

  // The alert log of this node has changed. Such agents show a log that is saved later: tell of it again 2, 5 and 12 s
  // later.
  void alerts_changed(const std::string &node, Time now);
  [[nodiscard]] std::vector<std::string> tell_again(Time now);

 private:
  struct Change {
    Time at;
    std::size_t told = 0;
  };
  std::optional<unsigned> epoch_;
  bool offered_ = true;
  std::optional<Versions> last_;
  Time alerts_open_until_{};
  Time alerts_looked_{};
  Time contexts_looked_{};
  bool contexts_changed_ = true;
  std::map<std::string, Change> changes_;
};

}  // namespace aclk::external
