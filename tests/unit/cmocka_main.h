// SPDX-License-Identifier: GPL-3.0-or-later
//
// CMocka from C++. A failing assert_* leaves by longjmp: destructors on the way would not run. So a test body is a
// function that returns what went wrong ("" = passed), and the assert happens here, where nothing is alive.
//
//   std::string backoff__after_reset__is_immediate() { EXPECT_EQ(next_delay(0), 0ms); return {}; }
//   const CMUnitTest tests[] = {ACLK_TEST(backoff__after_reset__is_immediate)};
//   int main() { return cmocka_run_group_tests_name("cloud", tests, nullptr, nullptr); }
#pragma once

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>

// Wants the four C headers above, and does not say extern "C" itself.
// clang-format off
extern "C" {
#include <cmocka.h>
}
// clang-format on
// Macros of two words that the product's functions have, too.
#undef fail
#undef skip

namespace aclk::test {

template <std::string (*Body)()>
void run(void ** /*state*/) {
  static char why[4096];
  {
    std::string s;
    try {
      s = Body();
    } catch (const std::exception &e) {
      s = std::string("threw: ") + e.what();
    }
    std::snprintf(why, sizeof why, "%s", s.c_str());
  }
  assert_string_equal(why, "");
}

template <class T>
std::string show(const T &v) {
  if constexpr (requires(std::ostream & o) { o << v; }) {
    std::ostringstream o;
    o << std::boolalpha << v;
    return o.str();
  } else {
    return "(a value)";
  }
}

}  // namespace aclk::test

#define ACLK_TEST(body) \
  { #body, ::aclk::test::run < body>, nullptr, nullptr, nullptr }

#define EXPECT(cond)                                                                                 \
  do {                                                                                               \
    if (!(cond)) return std::string(__FILE__ ":") + std::to_string(__LINE__) + ": not true: " #cond; \
  } while (false)

// Both sides are evaluated once and copied: f()->member lives no longer than its f(). Compares with ==.
#define EXPECT_EQ(got, want)                                                                                      \
  do {                                                                                                            \
    const auto got_ = (got);                                                                                      \
    const auto want_ = (want);                                                                                    \
    if (!(got_ == want_))                                                                                         \
      return std::string(__FILE__ ":") + std::to_string(__LINE__) + ": " #got " is " + ::aclk::test::show(got_) + \
             ", wanted " + ::aclk::test::show(want_);                                                             \
  } while (false)
