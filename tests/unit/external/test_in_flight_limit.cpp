// SPDX-License-Identifier: GPL-3.0-or-later
//
// How many queries the agent is given at once.
#include "plugin-api/external/agent/in_flight_limit.h"

#include <random>
#include <vector>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_in_flight_limit {
using namespace std::chrono_literals;
using Instant = InFlightLimit::Instant;

namespace {

constexpr Instant kT0{1h};

// Asks as many as it may, all of which take so long, until each place was used `rounds` times.
Instant load(InFlightLimit &limit, Instant now, std::chrono::milliseconds each, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    std::size_t begun = 0;
    for (; limit.has_room(now); ++begun) limit.began(now);
    for (std::size_t n = 0; n < begun; ++n) limit.ended(now, now + each);
    now += each;
  }
  return now;
}

std::string limit__quick_answers__give_one_more_a_round_up_to_the_most() {
  InFlightLimit limit(1, 8);
  EXPECT_EQ(limit.allowed(kT0), 1U);
  auto now = load(limit, kT0, 2ms, 1);
  EXPECT_EQ(limit.allowed(now), 2U);
  const auto after_six = load(limit, now, 2ms, 6);
  EXPECT(limit.allowed(after_six) > 2U && limit.allowed(after_six) < 8U);
  now = load(limit, after_six, 2ms, 50);
  EXPECT_EQ(limit.allowed(now), 8U);
  EXPECT_EQ(limit.in_flight(), 0U);
  return {};
}

std::string limit__that_is_not_used__does_not_grow() {
  InFlightLimit limit(2, 8);
  auto now = kT0;
  for (int i = 0; i < 100; ++i, now += 5ms) {
    limit.began(now);
    limit.ended(now, now + 1ms);
  }
  EXPECT_EQ(limit.allowed(now), 2U);
  return {};
}

std::string limit__slow_answer__halves_it_once_for_all_that_were_together() {
  InFlightLimit limit(1, 8);
  auto now = load(limit, kT0, 2ms, 60);
  EXPECT_EQ(limit.allowed(now), 8U);
  for (int i = 0; i < 8; ++i) limit.began(now);
  for (int i = 0; i < 8; ++i) limit.ended(now, now + 300ms);
  EXPECT_EQ(limit.allowed(now + 300ms), 4U);
  now += 301ms;
  limit.began(now);
  limit.ended(now, now + 300ms);
  EXPECT_EQ(limit.allowed(now + 300ms), 2U);
  return {};
}

std::string limit__slow_ones__never_go_below_what_leaves_a_thread() {
  InFlightLimit limit(3, 16);
  const auto now = load(limit, kT0, 5s, 10);
  EXPECT_EQ(limit.allowed(now), 3U);
  return {};
}

std::string limit__slow_one_under_way__leaves_a_thread_until_it_has_ended() {
  InFlightLimit limit(1, 8);
  const auto now = load(limit, kT0, 2ms, 60);
  limit.began(now);
  EXPECT(limit.has_room(now + 199ms));
  EXPECT(!limit.has_room(now + 200ms));
  limit.ended(now, now + 2s);
  EXPECT_EQ(limit.allowed(now + 2s), 4U);
  return {};
}

std::string limit__neither_quick_nor_slow__stays() {
  InFlightLimit limit(2, 8);
  const auto now = load(limit, kT0, 100ms, 50);
  EXPECT_EQ(limit.allowed(now), 2U);
  return {};
}

std::string limit__after_a_rest__begins_anew() {
  InFlightLimit limit(1, 8);
  const auto now = load(limit, kT0, 2ms, 60) + 10s;
  limit.began(now);
  EXPECT_EQ(limit.allowed(now), 1U);
  return {};
}

std::string limit__any_order_of_answers__is_between_safe_and_most() {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    InFlightLimit limit(2, 12);
    std::vector<Instant> under_way;
    auto now = kT0;
    for (int i = 0; i < 2000; ++i) {
      now += std::chrono::milliseconds(random() % 120);
      EXPECT(limit.allowed(now) >= 2U && limit.allowed(now) <= 12U);
      if (limit.has_room(now) && random() % 3 != 0) {
        limit.began(now);
        under_way.push_back(now);
      } else if (!under_way.empty()) {
        const auto n = random() % under_way.size();
        limit.ended(under_way[n], now);
        under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(n));
      }
      EXPECT_EQ(limit.in_flight(), under_way.size());
    }
  }
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(limit__quick_answers__give_one_more_a_round_up_to_the_most),
    ACLK_TEST(limit__that_is_not_used__does_not_grow),
    ACLK_TEST(limit__slow_answer__halves_it_once_for_all_that_were_together),
    ACLK_TEST(limit__slow_ones__never_go_below_what_leaves_a_thread),
    ACLK_TEST(limit__slow_one_under_way__leaves_a_thread_until_it_has_ended),
    ACLK_TEST(limit__neither_quick_nor_slow__stays),
    ACLK_TEST(limit__after_a_rest__begins_anew),
    ACLK_TEST(limit__any_order_of_answers__is_between_safe_and_most),
};

}  // namespace
}  // namespace test_in_flight_limit

int in_flight_limit_tests() {
  return cmocka_run_group_tests_name("in flight limit", test_in_flight_limit::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
