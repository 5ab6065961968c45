// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is noted of each query: the counters, and the lines of the access log (aclk/report/README.md, "Log lines", the
// row "per query"). A line's form is that of 2.x, named fields, with every host: unlike 1.37's it says what its numbers
// are, and who asked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aclk::query {

// The dimensions of aclk_cloud_req_http_type: by the endpoint asked for, whether it was served or not.
struct HttpTypes {
  std::uint64_t other = 0, info = 0, data = 0, alarms = 0, alarm_log = 0, chart = 0, charts = 0;

  void count(std::string_view endpoint) {
    if (endpoint == "info")
      ++info;
    else if (endpoint == "data")
      ++data;
    else if (endpoint == "alarms")
      ++alarms;
    else if (endpoint == "alarm_log")
      ++alarm_log;
    else if (endpoint == "chart")
      ++chart;
    else if (endpoint == "charts")
      ++charts;
    else
      ++other;
  }
};

// What the query path counts, for the statistics charts (aclk/report/README.md, "Statistics charts"). All values only
// rise; charts show differences.
struct Counters {
  std::uint64_t received = 0;   // well-formed questions
  std::uint64_t malformed = 0;  // the others, those answered with 400 included
  HttpTypes types;

  std::uint64_t forwarded = 0;      // given to the host
  std::uint64_t answered_here = 0;  // 301, 400, 403, 404, 405 that no host saw
  std::uint64_t timed_out = 0;      // error 6
  std::uint64_t cancelled = 0;      // 499 without having run
  std::uint64_t busy = 0;           // 503
  std::uint64_t too_big = 0;        // error 4
  std::uint64_t unanswered = 0;     // the host gave no answer until after the deadline
  std::uint64_t discarded = 0;      // the link went away first
  std::uint64_t unsent = 0;         // the link did not take the reply
  std::uint64_t replies = 0;        // handed to the link, of any kind
  std::uint64_t cancel_requests = 0;

  std::uint64_t host_us = 0;              // from asking the host to its answer, all queries together
  std::vector<std::uint64_t> per_thread;  // questions run in each of the `running` places
};

struct AccessEntry {
  std::string_view role;
  std::uint64_t permissions = 0;
  std::string_view method;
  int status = 0;
  std::string_view transaction;
  std::size_t sent_bytes = 0;  // of the body, as sent
  std::size_t size_bytes = 0;  // before compression
  std::int64_t prep_us = 0;    // from arrival until the reply was ready
  std::int64_t sent_us = 0;    // handing it to the link
  std::int64_t total_us = 0;
  std::string_view request;  // target as asked for; cut to kMaxLoggedTarget
};

inline constexpr std::size_t kMaxLoggedTarget = 512;

[[nodiscard]] std::string access_line(const AccessEntry &e);
[[nodiscard]] std::string queue_time_line(std::chrono::milliseconds waited, std::chrono::milliseconds limit);
[[nodiscard]] std::string run_time_line(std::chrono::milliseconds took, std::chrono::milliseconds limit);

}  // namespace aclk::query
