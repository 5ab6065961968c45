// SPDX-License-Identifier: GPL-3.0-or-later
//
// When to look at what, and at which of many nodes. Pure: the time is an argument. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "plugin-api/external/config/netdata_conf.h"
#include "plugin-api/external/json/values.h"

namespace aclk::external {

enum class Subject : std::uint8_t {
  alerts,          // of all nodes
  nodes,           // their list, and the facts of the local one
  contexts,        // of the local node
  child_facts,     // of some of the children each time
  child_contexts,  // the same
};
inline constexpr std::array kSubjects{Subject::alerts, Subject::nodes, Subject::contexts, Subject::child_facts,
                                      Subject::child_contexts};

// How many children to look at per round of 1 s for alerts, so that each is seen within 2 s of its change: all up to 64
// (2 ms of the agent's time per second, and a line of its access log for each look), half of more, and 512 at most.
// When the log of one has changed, those whose turn it was not are looked at at once: what happens to many at once, a
// network that fails, is noticed as soon.
[[nodiscard]] std::size_t alert_budget(const std::vector<naclk_node> &nodes);

// What a look has found.
enum class Look : std::uint8_t { same, changed };

class PollSchedule {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit PollSchedule(PollIntervals intervals) : intervals_(intervals) {}

  [[nodiscard]] bool due(Subject subject, Time now) const { return now >= of(subject).at; }
  // The earliest of all.
  [[nodiscard]] Time next() const;
  // It was looked at. Everything but alerts is looked at more and more seldom while nothing changes: each 12 looks
  // without a change add one interval, up to three; but each child within 25 s, which many share evenly.
  void done(Subject subject, Time now, Look look, std::size_t children = 0);
  void make_due(Subject subject) { of(subject).at = {}; }
  // Does anybody listen to it? At first, yes. What nobody listens to is looked at more seldom: nodes each 15 s,
  // contexts each minute. Alerts keep their pace: a child may raise one and leave. When somebody begins to listen it is
  // due.
  void listened_to(Subject subject, bool yes);

  // The nodes of which the alerts are looked at this time: the local one, and of the children that are live (nothing
  // happens to the alerts of one that is away) `budget` in turn.
  [[nodiscard]] std::vector<std::string> pick_for_alerts(const std::vector<naclk_node> &nodes, std::size_t budget);
  // The children to look at this time, live or not, in turn.
  [[nodiscard]] std::vector<std::string> pick_children(Subject subject, const std::vector<naclk_node> &nodes);

 private:
  struct State {
    Time at{};
    unsigned quiet = 0;
    bool listened_to = true;
    std::size_t cursor = 0;
  };
  // How often, and at how many children each time.
  struct Pace {
    std::chrono::milliseconds every{};
    std::size_t children = 0;
  };
  [[nodiscard]] Pace pace(Subject subject, std::size_t children) const;
  [[nodiscard]] std::vector<std::string> next_of(Subject subject, const std::vector<const naclk_node *> &from,
                                                 std::size_t budget);
  [[nodiscard]] State &of(Subject s) { return states_.at(static_cast<std::size_t>(s)); }
  [[nodiscard]] const State &of(Subject s) const { return states_.at(static_cast<std::size_t>(s)); }

  PollIntervals intervals_;
  std::array<State, kSubjects.size()> states_{};
};

}  // namespace aclk::external
