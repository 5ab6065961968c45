// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/worker_pipe.h"

#include <climits>

namespace aclk::external {
namespace {

constexpr char kChart = 'T';
constexpr char kLooking = 'L';
constexpr char kFound = 'F';
constexpr char kServing = 'S';
constexpr char kMiddle = '\x01';
constexpr char kEnd = '\0';
constexpr std::size_t kMostText = 2048;

// Without what has a meaning of its own here.
std::string plain(std::string_view text) {
  std::string out(text.substr(0, kMostText));
  std::erase_if(out, [](char c) { return c == kMiddle || c == kEnd; });
  return out;
}

}  // namespace

std::string chart_lines(const ChartText &chart) {
  if (chart.definition.size() + chart.values.size() + 3 > PIPE_BUF) return {};
  return kChart + chart.definition + kMiddle + chart.values + kEnd;
}

std::string looking_words(std::string_view trouble) { return kLooking + plain(trouble) + kEnd; }

std::string found_words(std::string_view place, std::string_view version) {
  return kFound + plain(place).substr(0, kMostText / 2) + kMiddle + plain(version).substr(0, kMostText / 2) + kEnd;
}

void WorkerPipe::message() {
  const auto middle = text_.find(kMiddle);
  const auto first = text_.substr(0, middle);
  const auto second = middle == std::string::npos ? std::string() : text_.substr(middle + 1);
  if (kind_ == kLooking) events_.looking(first);
  if (middle == std::string::npos) return;
  if (kind_ == kChart) events_.chart({first, second});
  if (kind_ == kFound) events_.found(first, second);
}

void WorkerPipe::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (kind_ == '\0') {
      if (c == '0' || c == '1') events_.online(c == '1');
      if (c == kServing) events_.serving();
      if (c == kChart || c == kLooking || c == kFound) kind_ = c;
      continue;
    }
    if (c != kEnd) {
      text_ += c;
      if (text_.size() > PIPE_BUF) reset();
      continue;
    }
    message();
    reset();
  }
}

}  // namespace aclk::external
