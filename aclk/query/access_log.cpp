// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/access_log.h"

#include <fmt/format.h>

#include "claim/base/text.h"

namespace aclk::query {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : excerpt(text, kMaxLoggedTarget)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string access_line(const AccessEntry &e) {
  return fmt::format(
      "src_transport=aclk role={} permissions=0x{:x} req_method={} code={} transaction={} sent_bytes={} size_bytes={} "
      "prep_ut={} sent_ut={} total_ut={} request={}",
      e.role, e.permissions, e.method, e.status, e.transaction, e.sent_bytes, e.size_bytes, e.prep_us, e.sent_us,
      e.total_us, quoted(e.request));
}

std::string queue_time_line(std::chrono::milliseconds waited, std::chrono::milliseconds limit) {
  return fmt::format("QUERY CANCELED: QUEUE TIME EXCEEDED {} ms (LIMIT {} ms)", waited.count(), limit.count());
}

std::string run_time_line(std::chrono::milliseconds took, std::chrono::milliseconds limit) {
  return fmt::format("QUERY CANCELED RUNTIME EXCEEDED {} ms (LIMIT {} ms)", took.count(), limit.count());
}

}  // namespace aclk::query
