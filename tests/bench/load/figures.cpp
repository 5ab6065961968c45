// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/load/figures.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

namespace aclk::load {
namespace {

using Seconds = std::chrono::duration<double>;
using Milliseconds = std::chrono::duration<double, std::milli>;

double percentile(const std::vector<std::chrono::nanoseconds> &sorted, std::size_t p) {
  return sorted.empty() ? 0.0 : Milliseconds(sorted[std::min(sorted.size() - 1, sorted.size() * p / 100)]).count();
}

std::chrono::nanoseconds of(const timeval &t) {
  return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
}

}  // namespace

std::chrono::nanoseconds own_cpu() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  return of(u.ru_utime) + of(u.ru_stime);
}

std::string as_json(Figures f) {
  std::ranges::sort(f.latencies);
  std::string codes;
  for (const auto &[status, n] : f.statuses) codes += fmt::format("{}\"{}\":{}", codes.empty() ? "" : ",", status, n);
  return fmt::format(R"({{"seconds":{:.6f},"cpu":{:.6f},"p50":{:.4f},"p99":{:.4f},"bytes":{},"codes":{{{}}}}})",
                     Seconds(f.wall).count(), Seconds(f.cpu).count(), percentile(f.latencies, 50),
                     percentile(f.latencies, 99), f.bytes, codes);
}

}  // namespace aclk::load
