// SPDX-License-Identifier: GPL-3.0-or-later
//
// Lines of the access log (aclk/report/README.md, "Log lines", the row "per query"). The form is that of 2.x, named
// fields, with every host: unlike 1.37's it says what its numbers are, and who asked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aclk::query {

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
