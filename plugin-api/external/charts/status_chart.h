// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the supervisor prints: one chart, which makes the agent count this plugin as one that sends data, and signs of
// life (plugin-api/external/README.md, "Exit and restart", "Text protocol"). Pure. Only words that both generations
// know.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace aclk::external {

// How often our charts have values: the agent's update every, but 10 s at least.
[[nodiscard]] std::chrono::seconds chart_interval(std::chrono::seconds update_every);

// netdata.aclk_status, as aclk/report/README.md, "Statistics charts" has it: 1 while online, 0 for an interval with any
// offline moment.
class StatusChart {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // The agent's update every; the chart has 10 s at least.
  explicit StatusChart(std::chrono::seconds update_every);

  void set_online(bool online);
  [[nodiscard]] bool online() const { return online_; }
  // Without values there are only signs of life: blank lines. For an agent that has this chart of its own.
  void set_silent(bool silent) { silent_ = silent; }

  // What to print now; nullopt = nothing is due. The first text holds the definition of the chart.
  [[nodiscard]] std::optional<std::string> take(Time now);
  [[nodiscard]] Time next() const { return next_; }

 private:
  std::chrono::seconds every_;
  bool online_ = false;
  bool was_offline_ = true;  // at any moment since the last value
  bool silent_ = false;
  bool defined_ = false;
  Time next_{};
  Time next_value_{};
};

}  // namespace aclk::external
