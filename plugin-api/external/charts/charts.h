// SPDX-License-Identifier: GPL-3.0-or-later
//
// The link's own charts on the agent's dashboard, as words of the plugins.d protocol (aclk/report/README.md,
// "Statistics charts"): netdata.aclk_status, which the supervisor prints, and the statistics, the reference's by id,
// dimension and unit, and what it lacks. Pure. Only words that both generations of agents know.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// What the statistics are made of; aclk/report/traffic.h says which numbers there are.
using Numbers = std::map<std::string, std::uint64_t, std::less<>>;

// A chart as the agent gets it.
struct ChartText {
  std::string definition;  // CHART and DIMENSION lines; changes only when a dimension is new
  std::string values;      // BEGIN ... END
};

class StatisticsCharts {
 public:
  explicit StatisticsCharts(std::chrono::seconds every) : every_(every) {}

  // What happened since the last call, or since the module began; the first time nothing, so that no value is lost on
  // an agent that drops the first. Each text is shorter than PIPE_BUF. A number that has become smaller began anew from
  // 0.
  [[nodiscard]] std::vector<ChartText> take(const Numbers &now);

 private:
  const std::chrono::seconds every_;
  Numbers before_;
  bool begun_ = false;
};

// Of a flat JSON object; what is no number is left out.
[[nodiscard]] Numbers parse_numbers(std::string_view json);

}  // namespace aclk::external
