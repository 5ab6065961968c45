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

#include "plugin-api/external/config/settings.h"
#include "plugin-api/external/json/listing.h"

namespace aclk::external {

enum class Subject : std::uint8_t { alerts, nodes, contexts };
inline constexpr std::array kSubjects{Subject::alerts, Subject::nodes, Subject::contexts};

// How many children to look at per round of 1 s for alerts, so that each is seen within 2 s of its change: all up to 64
// (2 ms of the agent's time per second, and a line of its access log for each look), half of more, and 512 at most.
[[nodiscard]] std::size_t alert_budget(const std::vector<naclk_node> &nodes);

class PollSchedule {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit PollSchedule(PollIntervals intervals) : intervals_(intervals) {}

  [[nodiscard]] bool due(Subject subject, Time now) const { return now >= of(subject).at; }
  // The earliest of all.
  [[nodiscard]] Time next() const;
  // It was looked at. Nodes and contexts are looked at more and more seldom while nothing changes: each 12 looks
  // without a change add one interval, up to three. Alerts keep their pace.
  void done(Subject subject, Time now, bool changed);
  void make_due(Subject subject) { of(subject).at = {}; }
  // Does anybody listen to it? At first, yes. What nobody listens to is looked at more seldom: nodes each 15 s,
  // contexts each minute. Alerts keep their pace: a child may raise one and leave. When somebody begins to listen it is
  // due.
  void listened_to(Subject subject, bool yes);

  // Which nodes to look at this time: the local one always, of the others `budget` in turn. Nothing happens to the
  // alerts of a child that is away.
  enum class Which : std::uint8_t { all, live };
  [[nodiscard]] std::vector<std::string> pick(Subject subject, const std::vector<naclk_node> &nodes, std::size_t budget,
                                              Which which);

 private:
  struct State {
    Time at{};
    unsigned quiet = 0;
    bool listened_to = true;
    std::size_t cursor = 0;
  };
  [[nodiscard]] State &of(Subject s) { return states_.at(static_cast<std::size_t>(s)); }
  [[nodiscard]] const State &of(Subject s) const { return states_.at(static_cast<std::size_t>(s)); }

  PollIntervals intervals_;
  std::array<State, kSubjects.size()> states_{};
};

}  // namespace aclk::external
