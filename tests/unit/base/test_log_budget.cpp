// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <ctime>

#include "claim/base/log_budget.h"
#include "tests/unit/base/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_log_budget {
using namespace aclk;
using namespace std::chrono_literals;
using Tell = Outage::Tell;

namespace {

// 2026-11-21 10:33:45 UTC, and some seconds of it.
Outage::Moment at(std::chrono::seconds t) {
  return {std::chrono::steady_clock::time_point(1h) + t, 1'795'257'225 + t.count()};
}

void use_utc() {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
}

std::string outage__same_failure__is_told_once_then_summed_up_at_powers_of_two() {
  use_utc();
  Outage o;
  EXPECT(o.failed("timeout: env: no answer from 127.0.0.1:4711", at(0s)) == Tell::in_full);
  for (int n = 2; n <= 40; ++n) {
    const auto tell = o.failed("timeout: env: no answer from 127.0.0.1:" + std::to_string(n), at(1s * n));
    EXPECT(tell == (n == 4 || n == 8 || n == 16 || n == 32 ? Tell::summary : Tell::nothing));
  }
  EXPECT_EQ(o.tally(at(60s)), "40 attempts since 10:33:45");
  EXPECT_EQ(o.tally(at(48h)), "40 attempts since 2026-11-21 10:33:45");
  return {};
}

std::string outage__another_failure__is_told_in_full_at_once_and_only_once() {
  Outage o;
  EXPECT(o.failed("timeout: env", at(0s)) == Tell::in_full);
  EXPECT(o.failed("connection refused: env", at(1s)) == Tell::in_full);
  EXPECT(o.failed("timeout: env", at(2s)) == Tell::nothing);
  EXPECT(o.failed("connection refused: env", at(3s)) == Tell::summary);
  EXPECT(o.failed("timeout: env", at(4s)) == Tell::nothing);
  return {};
}

std::string outage__long_and_slow__says_something_once_an_hour() {
  Outage o;
  int told = 0;
  for (int n = 0; n < 12 * 24; ++n)  // a day, an attempt every five minutes
    if (o.failed("timeout: env", at(5min * n)) != Tell::nothing) ++told;
  EXPECT(told >= 20 && told <= 32);
  return {};
}

std::string outage__over__says_how_long_and_begins_anew() {
  Outage o;
  EXPECT(!o.over(at(0s)));  // nothing had failed
  EXPECT(o.failed("timeout: env", at(0s)) == Tell::in_full);
  EXPECT(o.failed("timeout: env", at(10s)) == Tell::nothing);
  EXPECT_EQ(o.over(at(65min)).value_or(""), "after 3 attempts in 65 min");
  EXPECT(!o.over(at(66min)));
  EXPECT(o.failed("timeout: env", at(67min)) == Tell::in_full);
  return {};
}

std::string outage__begun_by_a_loss__lasts_from_there_and_a_retry_that_works_is_no_news() {
  use_utc();
  Outage o;
  o.lost("closed by remote end: x", at(0s));
  EXPECT(!o.over(at(1s)));
  o.lost("closed by remote end: x", at(10s));
  EXPECT(o.failed("closed by remote end: x", at(12s)) == Tell::nothing);
  EXPECT(o.failed("timeout: env", at(14s)) == Tell::in_full);
  EXPECT_EQ(o.tally(at(14s)), "2 attempts since 10:33:55");
  EXPECT_EQ(o.over(at(30s)).value_or(""), "after 3 attempts in 20 s");
  return {};
}

std::string outage__lines_on_the_way__are_said_once_in_an_outage() {
  Outage o;
  EXPECT(o.first("connecting to host:443"));
  EXPECT(!o.first("connecting to host:443"));
  EXPECT(o.first("connecting to host (no proxy)"));
  (void)o.over(at(0s));
  EXPECT(o.first("connecting to host:443"));
  return {};
}

std::string outage__ever_new_failures__are_bounded() {
  Outage o;
  std::string text = "x";
  int in_full = 0;
  for (int n = 0; n < 200; ++n, text += 'x')
    if (o.failed(text, at(1s * n)) == Tell::in_full) ++in_full;
  EXPECT_EQ(in_full, static_cast<int>(Outage::kMaxKinds));
  return {};
}

std::string kind__of_texts_that_differ_in_ports_times_and_ids__is_the_same() {
  EXPECT_EQ(kind_of("127.0.0.1:80: after 30 s"), "# after # s");
  EXPECT_EQ(kind_of("node c965d634-8c18-4782-a10b-1dbc3e325e3a is gone"), "node # is gone");
  EXPECT_EQ(kind_of("reason 135, 0x87"), "reason #, #");
  EXPECT(kind_of("host a") != kind_of("host b"));
  EXPECT_EQ(kind_of(""), "");
  EXPECT(kind_of(std::string(100'000, ' ')).size() <= 512);
  return {};
}

std::string duration__of_any_length__is_short() {
  EXPECT_EQ(duration_text(-1s), "0 s");
  EXPECT_EQ(duration_text(119s), "119 s");
  EXPECT_EQ(duration_text(3min), "3 min");
  EXPECT_EQ(duration_text(8h + 3min), "8 h 3 min");
  EXPECT_EQ(duration_text(75h), "3 d 3 h");
  return {};
}

std::string log_budget__flood__is_counted_instead_of_logged() {
  LogBudget b(2, 10s);
  const std::chrono::steady_clock::time_point t0{1h};
  EXPECT(b.allow(t0) && b.allow(t0 + 1s));
  EXPECT(!b.allow(t0 + 2s) && !b.allow(t0 + 9s));
  EXPECT(b.allow(t0 + 10s));
  EXPECT_EQ(b.take_silent(), 2U);
  EXPECT_EQ(b.take_silent(), 0U);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(outage__same_failure__is_told_once_then_summed_up_at_powers_of_two),
    ACLK_TEST(outage__another_failure__is_told_in_full_at_once_and_only_once),
    ACLK_TEST(outage__long_and_slow__says_something_once_an_hour),
    ACLK_TEST(outage__over__says_how_long_and_begins_anew),
    ACLK_TEST(outage__begun_by_a_loss__lasts_from_there_and_a_retry_that_works_is_no_news),
    ACLK_TEST(outage__lines_on_the_way__are_said_once_in_an_outage),
    ACLK_TEST(outage__ever_new_failures__are_bounded),
    ACLK_TEST(kind__of_texts_that_differ_in_ports_times_and_ids__is_the_same),
    ACLK_TEST(duration__of_any_length__is_short),
    ACLK_TEST(log_budget__flood__is_counted_instead_of_logged),
};

}  // namespace
}  // namespace test_log_budget

int aclk::test::log_budget_suite() {
  return cmocka_run_group_tests_name("log_budget", test_log_budget::tests, nullptr, nullptr);
}
