// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a worker tells its supervisor through their pipe: '0' and '1', whether the link is up; charts for the agent;
// what comes of looking for that agent; that it answers at the local socket from now on. Each message is one write of
// at most PIPE_BUF bytes, so that it comes whole or not at all. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "plugin-api/external/charts/statistics.h"

namespace aclk::external {

// The bytes of a chart; empty if they would be too many for one write.
[[nodiscard]] std::string chart_lines(const ChartText &chart);
// The agent is looked for, in vain so far: why. A sentence that is too long loses its end.
[[nodiscard]] std::string looking_words(std::string_view trouble);
// It was found.
[[nodiscard]] std::string found_words(std::string_view place, std::string_view version);
inline constexpr std::string_view kServingWord = "S";

class WorkerPipe {
 public:
  struct WorkerPipeEvents {
    std::function<void(bool online)> online;
    std::function<void(const ChartText &)> chart;
    std::function<void(const std::string &trouble)> looking;
    std::function<void(const std::string &place, const std::string &version)> found;
    std::function<void()> serving;
  };
  explicit WorkerPipe(WorkerPipeEvents events) : events_(std::move(events)) {}

  // In any pieces. What is no message is skipped.
  void feed(std::string_view bytes);
  // Another worker: half a message of the one before means nothing.
  void reset() { text_.clear(), kind_ = '\0'; }

 private:
  void message();

  WorkerPipeEvents events_;
  std::string text_;
  char kind_ = '\0';  // of the text that is being read; '\0': none is
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
