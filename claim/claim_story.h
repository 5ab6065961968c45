// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the log hears of a claim that is tried again and again: the first time all of it, then what is new, and from
// time to time one line that says it still does not work (base/outage.h). Pure.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "claim/base/outage.h"

namespace aclk::claim {

class ClaimStory {
 public:
  using Log = std::function<void(bool bad, const std::string &line)>;
  explicit ClaimStory(Log log) : log_(std::move(log)) {}

  // It begins. `repeats`: because it failed before, and nothing changed since.
  void begin(bool repeats);
  // What is said while it runs. Errors wait for its end.
  void line(bool bad, const std::string &text);
  // It is over; `pause`: until it begins again, if it failed and that makes sense.
  void end(std::optional<std::chrono::seconds> pause, Outage::Moment at);

 private:
  Log log_;
  Outage outage_;
  std::vector<std::string> bad_;
};

}  // namespace aclk::claim
