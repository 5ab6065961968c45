// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which reads of the host's database fail each time. Without it a node is online and its alerts reach nobody, and not
// a line says so. Kept where all reads pass (host.h), so that it holds for every host. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "claim/base/log_budget.h"
#include "claim/base/result.h"

namespace aclk::host {

// A read that has failed since the last time that it went well.
struct Unreadable {
  std::string what;  // "the alerts of node 1b2c..."
  std::int64_t since_s = 0;
  std::uint64_t attempts = 0;
  std::string why;  // of the last failure

  bool operator==(const Unreadable &) const = default;
};

class FailingReads {
 public:
  using Line = std::pair<bool, std::string>;  // an error?
  // An agent that is away or has just started gives what it has later: that is logged when it lasts.
  static constexpr std::chrono::seconds kPassing{150};

  // How a read ended; nullptr = well. What is to be logged about it: the first failure in full, its repetition summed
  // up, its end. A node or thing that is not there, a host that cannot, and a read that was interrupted are no
  // failures.
  [[nodiscard]] std::optional<Line> ended(const std::string &what, const Error *error, Outage::Moment now);

  // Those worth a word, in order of their names.
  [[nodiscard]] std::vector<Unreadable> unreadable(Outage::Moment now) const;

 private:
  struct Row {
    Unreadable seen;
    Outage::Moment began;
    Outage outage;
    bool passing = true;  // each failure may be over by itself
    [[nodiscard]] bool counts(Outage::Moment now) const { return !passing || now.now - began.now >= kPassing; }
  };
  static constexpr std::size_t kMaxRows = 1000;

  mutable std::mutex mutex_;
  std::map<std::string, Row> rows_;
};

}  // namespace aclk::host
