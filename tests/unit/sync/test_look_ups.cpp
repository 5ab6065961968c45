// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/alerts/alerts.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/sync/tests.h"

namespace test_look_ups {
using namespace aclk;
using namespace aclk::sync;
using namespace std::chrono_literals;

namespace {

constexpr loop::Instant kNow{std::chrono::hours(1)};

std::string look_ups__of_one_name__are_one_at_a_time() {
  LookUps l;
  EXPECT(l.begin("a", kNow));
  for (int i = 0; i < 100'000; ++i) EXPECT(!l.begin("a", kNow));
  EXPECT(l.begin("b", kNow));
  l.ended("a", LookUps::End::may_be_asked_again, kNow);
  EXPECT(l.begin("a", kNow));
  return {};
}

std::string look_ups__of_many_names__are_bounded() {
  LookUps l;
  std::size_t begun = 0;
  for (int i = 0; i < 100'000; ++i) begun += l.begin(std::to_string(i), kNow) ? 1 : 0;
  EXPECT_EQ(begun, LookUps::kMaxUnderWay);
  l.ended("0", LookUps::End::may_be_asked_again, kNow);
  EXPECT(l.begin("x", kNow));
  return {};
}

std::string look_ups__of_what_was_not_there__wait_a_minute() {
  LookUps l;
  EXPECT(l.begin("a", kNow));
  l.ended("a", LookUps::End::not_there, kNow);
  EXPECT(!l.begin("a", kNow + 59s));
  EXPECT(l.begin("a", kNow + 60s));
  for (std::size_t i = 0; i < 3 * LookUps::kMaxMissing; ++i) {
    const auto name = std::to_string(i);
    EXPECT(l.begin(name, kNow));
    l.ended(name, LookUps::End::not_there, kNow);
  }
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(look_ups__of_one_name__are_one_at_a_time),
    ACLK_TEST(look_ups__of_many_names__are_bounded),
    ACLK_TEST(look_ups__of_what_was_not_there__wait_a_minute),
};

}  // namespace
}  // namespace test_look_ups

int run_look_ups_tests() { return cmocka_run_group_tests_name("look-ups", test_look_ups::kTests, nullptr, nullptr); }
