// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/worker_words.h"

#include <climits>

namespace aclk::external {
namespace {

constexpr char kChart = 'T';
constexpr char kMiddle = '\x01';
constexpr char kEnd = '\0';

}  // namespace

std::string chart_words(const ChartText &chart) {
  if (chart.definition.size() + chart.values.size() + 3 > PIPE_BUF) return {};
  return kChart + chart.definition + kMiddle + chart.values + kEnd;
}

void WorkerWords::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (!in_text_) {
      if (c == '0' || c == '1') events_.online(c == '1');
      in_text_ = c == kChart;
      continue;
    }
    if (c != kEnd) {
      text_ += c;
      if (text_.size() > PIPE_BUF) reset();
      continue;
    }
    const auto middle = text_.find(kMiddle);
    if (middle != std::string::npos) events_.chart({text_.substr(0, middle), text_.substr(middle + 1)});
    reset();
  }
}

}  // namespace aclk::external
