// SPDX-License-Identifier: GPL-3.0-or-later
//
// aclk/session/README.md, "Backoff": the table of observed delays, the promises of the documents, and what must not
// disturb them.
#include "aclk/login/env.h"

#include <cmath>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/login/suites.h"

using namespace std::chrono_literals;

namespace aclk::test {
namespace test_backoff {
namespace {

using login::Backoff;
using login::BackoffLimits;
constexpr double kMost = 0.999999999;

// The delay of attempt n (from 0), all jitters alike.
std::chrono::milliseconds nth(Backoff b, unsigned n, double jitter) {
  auto d = b.next(jitter);
  for (unsigned i = 0; i < n; ++i) d = b.next(jitter);
  return d;
}

Backoff with(const BackoffLimits &limits) {
  Backoff b;
  b.set_limits(limits);
  return b;
}

std::string backoff__first_attempt__is_immediate() {
  for (double j : {0.0, 0.5, kMost}) EXPECT_EQ(Backoff().next(j).count(), 0);
  return {};
}

std::string backoff__base_2__follows_the_documented_table() {
  struct Row {
    unsigned n;
    int from_s;
    int to_s;
  };
  for (const auto &r :
       {Row{1, 1, 2}, {2, 2, 3}, {3, 4, 6}, {4, 8, 12}, {5, 16, 24}, {6, 32, 48}, {7, 64, 96}, {8, 128, 192}}) {
    EXPECT_EQ(nth({}, r.n, 0).count(), r.from_s * 1000);
    EXPECT_EQ(nth({}, r.n, kMost).count(), r.to_s * 1000 - 1);
  }
  return {};
}

std::string backoff__observed_delays__are_within_reach() {
  // aclk/session/README.md, "Backoff", the column of what was seen, seconds.
  const double seen[] = {1.6, 2.8, 4.5, 9.6, 22.5, 35.4};
  for (unsigned i = 0; i < 6; ++i) {
    EXPECT(nth({}, i + 1, 0).count() <= std::lround(seen[i] * 1000));
    EXPECT(nth({}, i + 1, kMost).count() >= std::lround(seen[i] * 1000));
  }
  return {};
}

std::string backoff__any_number_of_failures__stays_within_five_minutes() {
  for (std::uint32_t base : {1U, 2U, 3U, 10U, 4000000000U}) {
    auto b = with({.base = base, .min_s = 0, .max_s = 4000000000U});
    for (int n = 0; n < 5000; ++n) {
      const auto d = b.next(kMost);
      EXPECT(d >= 0ms && d <= 300s);
      EXPECT(n == 0 || d >= 1s);
    }
  }
  EXPECT_EQ(nth({}, 9, 0).count(), 256000);
  EXPECT_EQ(nth({}, 9, 0.5).count(), 292500);
  EXPECT_EQ(nth({}, 10, 0).count(), 300000);
  EXPECT_EQ(nth({}, 1000, 0).count(), 300000);
  return {};
}

std::string backoff__min_seconds__are_seconds_not_milliseconds() {
  const auto b = with({.base = 2, .min_s = 5, .max_s = 1024});
  EXPECT_EQ(nth(b, 0, 0).count(), 0);
  for (unsigned n : {1U, 2U, 3U}) EXPECT_EQ(nth(b, n, 0).count(), 5000);
  EXPECT_EQ(nth(b, 4, 0).count(), 8000);
  return {};
}

std::string backoff__max_seconds__are_seconds_not_milliseconds() {
  const auto b = with({.base = 2, .min_s = 0, .max_s = 10});
  for (unsigned n : {5U, 6U, 20U}) EXPECT_EQ(nth(b, n, 0).count(), 10000);
  EXPECT_EQ(nth(b, 2, 0).count(), 2000);
  return {};
}

// A million agents at the least or the most wait must not come in step.
std::string backoff__at_its_limits__still_has_jitter() {
  const auto least = with({.base = 2, .min_s = 5, .max_s = 1024});
  for (unsigned n : {1U, 2U, 3U}) {
    EXPECT(nth(least, n, 0.5) > 5s);
    EXPECT(nth(least, n, kMost) <= 7s);
  }
  EXPECT_EQ(nth({}, 50, kMost).count(), 285001);
  const auto most = with({.base = 2, .min_s = 0, .max_s = 10});
  EXPECT_EQ(nth(most, 20, kMost).count(), 9501);
  return {};
}

std::string backoff__limits_sent_as_milliseconds__change_nothing() {
  const auto b = with({.base = 2, .min_s = 10'000, .max_s = 1'024'000});
  for (unsigned n = 0; n < 12; ++n) EXPECT_EQ(nth(b, n, 0.25).count(), nth({}, n, 0.25).count());
  EXPECT_EQ(nth(with({.base = 2, .min_s = 301, .max_s = 1024}), 1, 0).count(), 1000);
  EXPECT_EQ(nth(with({.base = 2, .min_s = 300, .max_s = 1024}), 1, 0).count(), 300000);
  return {};
}

std::string backoff__max_zero__does_not_mean_no_wait() {
  EXPECT_EQ(nth(with({.base = 2, .min_s = 0, .max_s = 0}), 4, 0).count(), 8000);
  return {};
}

std::string backoff__min_above_max__is_max() {
  EXPECT_EQ(nth(with({.base = 2, .min_s = 60, .max_s = 30}), 1, 0).count(), 30000);
  return {};
}

std::string backoff__base_one_or_zero__waits_a_second_or_two() {
  for (std::uint32_t base : {0U, 1U}) {
    EXPECT_EQ(nth(with({.base = base}), 50, 0).count(), 1000);
    EXPECT_EQ(nth(with({.base = base}), 50, kMost).count(), 1999);
  }
  return {};
}

std::string backoff__after_reset__begins_again() {
  Backoff b;
  for (int i = 0; i < 7; ++i) (void)b.next(0.3);
  b.reset();
  EXPECT_EQ(b.next(0.3).count(), 0);
  EXPECT_EQ(b.next(0).count(), 1000);
  return {};
}

std::string backoff__new_limits__keep_the_count() {
  Backoff b;
  for (int i = 0; i < 4; ++i) (void)b.next(0);
  b.set_limits({.base = 3, .min_s = 0, .max_s = 1024});
  EXPECT_EQ(b.next(0).count(), 27000);
  return {};
}

std::string backoff__jitter_out_of_range__is_clamped() {
  for (double j : {-1.0, -1e300, std::nan("")}) EXPECT_EQ(nth({}, 3, j).count(), 4000);
  for (double j : {1.0, 7.0, 1e300, HUGE_VAL}) EXPECT_EQ(nth({}, 3, j).count(), 5999);
  return {};
}

std::string backoff__after_takeovers__doubles_from_a_minute_to_the_cap() {
  using namespace std::chrono_literals;
  EXPECT(login::Backoff::after_takeover(1, 0) == 60s);
  EXPECT(login::Backoff::after_takeover(2, 0) == 120s);
  EXPECT(login::Backoff::after_takeover(2, 1) == 180s);
  EXPECT(login::Backoff::after_takeover(3, 0.5) == 300s);
  for (const std::uint32_t n : {0U, 9U, 100U, UINT32_MAX})
    for (const double j : {-1.0, 0.0, 0.999, 2.0}) {
      const auto w = login::Backoff::after_takeover(n, j);
      EXPECT(w >= 60s && w <= 300s);
    }
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(backoff__first_attempt__is_immediate),
    ACLK_TEST(backoff__base_2__follows_the_documented_table),
    ACLK_TEST(backoff__observed_delays__are_within_reach),
    ACLK_TEST(backoff__any_number_of_failures__stays_within_five_minutes),
    ACLK_TEST(backoff__min_seconds__are_seconds_not_milliseconds),
    ACLK_TEST(backoff__max_seconds__are_seconds_not_milliseconds),
    ACLK_TEST(backoff__at_its_limits__still_has_jitter),
    ACLK_TEST(backoff__limits_sent_as_milliseconds__change_nothing),
    ACLK_TEST(backoff__max_zero__does_not_mean_no_wait),
    ACLK_TEST(backoff__min_above_max__is_max),
    ACLK_TEST(backoff__base_one_or_zero__waits_a_second_or_two),
    ACLK_TEST(backoff__after_reset__begins_again),
    ACLK_TEST(backoff__new_limits__keep_the_count),
    ACLK_TEST(backoff__jitter_out_of_range__is_clamped),
    ACLK_TEST(backoff__after_takeovers__doubles_from_a_minute_to_the_cap),
};

}  // namespace
}  // namespace test_backoff

int backoff_suite() { return cmocka_run_group_tests_name("backoff", test_backoff::tests, nullptr, nullptr); }

}  // namespace aclk::test
