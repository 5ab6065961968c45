// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/connection_history.h"

#include "tests/unit/cmocka_main.h"
#include "tests/unit/session/tests.h"

namespace test_clock_skew {
using namespace aclk::session;

namespace {

constexpr std::int64_t kS = 1'700'000'000;
constexpr std::int64_t us(std::int64_t s) { return s * 1'000'000; }

std::string clock__good__is_reported_and_not_warned_about() {
  ClockSkew w;
  EXPECT(!w.offset_ms());
  EXPECT(!w.heard(kS, us(kS) + 500'000));
  EXPECT_EQ(w.offset_ms().value_or(1), 0);
  EXPECT(!w.heard(kS, us(kS + 5)));
  EXPECT_EQ(w.offset_ms().value_or(0), 4'500);
  return {};
}

std::string clock__wrong__is_warned_about_once_until_it_was_good_again() {
  ClockSkew w;
  const auto ahead = w.heard(kS, us(kS + 3'600));
  EXPECT(ahead && ahead->find("3599 s ahead") != std::string::npos);
  EXPECT(!w.heard(kS + 1, us(kS + 3'601)));
  EXPECT_EQ(w.offset_ms().value_or(0), 3'599'500);
  EXPECT(!w.heard(kS, us(kS)));
  const auto behind = w.heard(kS, us(kS - 10));
  EXPECT(behind && behind->find("10 s behind") != std::string::npos);
  return {};
}

std::string clock__nonsense__is_ignored() {
  ClockSkew w;
  for (const auto s : {std::int64_t{0}, std::int64_t{-5}, INT64_MAX, INT64_MIN}) EXPECT(!w.heard(s, us(kS)));
  EXPECT(!w.offset_ms());
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(clock__good__is_reported_and_not_warned_about),
    ACLK_TEST(clock__wrong__is_warned_about_once_until_it_was_good_again),
    ACLK_TEST(clock__nonsense__is_ignored),
};

}  // namespace
}  // namespace test_clock_skew

int run_clock_skew_tests() {
  return cmocka_run_group_tests_name("clock_skew", test_clock_skew::tests, nullptr, nullptr);
}
