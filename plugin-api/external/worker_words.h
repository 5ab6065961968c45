// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a worker tells its supervisor through their pipe: '0' and '1', whether the link is up, and charts for the agent.
// Each message is one write of at most PIPE_BUF bytes, so that it comes whole or not at all. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "plugin-api/external/statistics.h"

namespace aclk::external {

// The bytes of a chart; empty if they would be too many for one write.
[[nodiscard]] std::string chart_words(const ChartText &chart);

class WorkerWords {
 public:
  struct Events {
    std::function<void(bool online)> online;
    std::function<void(const ChartText &)> chart;
  };
  explicit WorkerWords(Events events) : events_(std::move(events)) {}

  // In any pieces. What is no message is skipped.
  void feed(std::string_view bytes);
  // Another worker: half a message of the one before means nothing.
  void reset() { text_.clear(), in_text_ = false; }

 private:
  Events events_;
  std::string text_;
  bool in_text_ = false;
};

// Which charts the agent knows: a definition is said once, and again when it has changed or could not be written.
class SaidCharts {
 public:
  // What to write, in one go; then said().
  [[nodiscard]] std::string text(const ChartText &chart) const {
    return said_.contains(chart.definition) ? chart.values : chart.definition + chart.values;
  }
  void said(const ChartText &chart) { said_.insert(chart.definition); }

 private:
  std::set<std::string, std::less<>> said_;
};

}  // namespace aclk::external
