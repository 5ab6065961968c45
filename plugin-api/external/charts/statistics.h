// SPDX-License-Identifier: GPL-3.0-or-later
//
// The statistics charts (aclk/report/README.md, "Statistics charts") as words of the plugins.d protocol: the
// reference's by id, dimension and unit, and what it lacks. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace aclk::external {

// aclk/report/statistics.h says which there are.
using Numbers = std::map<std::string, std::uint64_t, std::less<>>;

struct ChartText {
  std::string definition;  // CHART and DIMENSION lines; changes only when a dimension is new
  std::string values;      // BEGIN ... END
};

class StatisticsCharts {
 public:
  explicit StatisticsCharts(std::chrono::seconds every) : every_(every) {}

  // What happened since the last call, or since the module began; the first time nothing, so that no value is lost on
  // an agent that drops the first. Each text is shorter than PIPE_BUF. A number that has
  // become smaller began anew from 0.
  [[nodiscard]] std::vector<ChartText> take(const Numbers &now);

 private:
  const std::chrono::seconds every_;
  Numbers before_;
  bool begun_ = false;
};

// Of a flat JSON object; what is no number is left out.
[[nodiscard]] Numbers parse_numbers(std::string_view json);

}  // namespace aclk::external
