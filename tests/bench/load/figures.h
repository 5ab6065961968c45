// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a run of questions came to.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace aclk::load {

struct Figures {
  std::vector<std::chrono::nanoseconds> latencies;  // of the answered ones, in the order of their answers
  std::map<int, std::size_t> statuses;              // how many answers had which HTTP status
  std::uint64_t bytes = 0;                          // of all answers
  std::chrono::nanoseconds wall{};                  // from the first question to the last answer
  std::chrono::nanoseconds cpu{};                   // of this process meanwhile
};

// CPU of this process, user and system, so far.
[[nodiscard]] std::chrono::nanoseconds own_cpu();

// One line of JSON: seconds, cpu (seconds), p50 and p99 (milliseconds), bytes, codes.
[[nodiscard]] std::string as_json(Figures figures);

}  // namespace aclk::load
