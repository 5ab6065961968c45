// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/time_scale/time_scale.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace aclk::test {
namespace {

unsigned divisor(const char *name) {
  const char *const set = std::getenv(name);
  if (set == nullptr) return 1;
  const std::string_view text = set;
  unsigned n = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), n);
  if (r.ec == std::errc{} && r.ptr == text.data() + text.size() && n > 0) return n;
  std::fprintf(stderr, "%s is \"%s\", and not a positive number\n", name, set);
  std::exit(2);
}

}  // namespace

loop::TimeScale time_scale_of_environment() {
  return {.deadlines = divisor("ACLK_DIVIDE_DEADLINES_BY"), .pauses = divisor("ACLK_DIVIDE_PAUSES_BY")};
}

}  // namespace aclk::test
