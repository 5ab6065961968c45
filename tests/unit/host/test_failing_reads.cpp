// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads of the host that fail each time: what the log and the state are told.
#include "aclk/host/failing_reads.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/host/tests.h"

namespace test_failing_reads {
using namespace aclk;
using namespace aclk::host;
using namespace std::chrono_literals;

namespace {

constexpr auto kAlerts = "the alerts of node x";
const Error kBroken{Errc::io, "bad message"};
const Error kAway{Errc::unavailable, "away"};

Outage::Moment at(std::chrono::seconds t) { return {std::chrono::steady_clock::time_point(t + 10'000s), t.count()}; }

std::string told(FailingReads &book, const Error *error, std::chrono::seconds t) {
  const auto line = book.ended(kAlerts, error, at(t));
  return line ? (line->first ? "E " : "I ") + line->second : std::string();
}

std::string reads__that_fail_each_time__are_told_once_then_summed_up_and_their_end() {
  FailingReads book;
  EXPECT(told(book, &kBroken, 0s).starts_with("E the alerts of node x cannot be read"));
  EXPECT(told(book, &kBroken, 0s).empty());
  EXPECT(told(book, &kBroken, 0s).empty());
  EXPECT(told(book, &kBroken, 1s).starts_with("E the alerts of node x still cannot be read: bad message; 4 attempts"));
  for (int i = 5; i < 8; ++i) EXPECT(told(book, &kBroken, 2s).empty());
  EXPECT_EQ(told(book, nullptr, 9s), "I the alerts of node x can be read again after 8 attempts in 9 s");
  EXPECT(told(book, nullptr, 9s).empty());
  return {};
}

std::string reads__that_fail_each_time__are_in_the_state_with_since_when_and_why() {
  FailingReads book;
  EXPECT(book.unreadable(at(0s)).empty());
  (void)book.ended(kAlerts, &kBroken, at(5s));
  (void)book.ended(kAlerts, &kBroken, at(7s));
  (void)book.ended("the contexts of node x", nullptr, at(7s));
  EXPECT(book.unreadable(at(8s)) == std::vector<Unreadable>({{kAlerts, 5, 2, "bad message"}}));
  (void)book.ended(kAlerts, nullptr, at(9s));
  EXPECT(book.unreadable(at(9s)).empty());
  return {};
}

std::string reads__that_may_work_in_a_moment__are_told_when_it_lasts() {
  FailingReads book;
  EXPECT(told(book, &kAway, 0s).empty());
  EXPECT(told(book, &kAway, 149s).empty());
  EXPECT(book.unreadable(at(149s)).empty());
  EXPECT(told(book, &kAway, 150s).starts_with("E the alerts of node x cannot be read"));
  EXPECT_EQ(book.unreadable(at(150s)).size(), 1U);
  (void)told(book, nullptr, 151s);
  EXPECT(told(book, &kAway, 152s).empty());
  EXPECT(told(book, nullptr, 153s).empty());  // nobody had been told
  return {};
}

std::string reads__of_what_is_not_there__are_no_failures() {
  FailingReads book;
  for (const auto code : {Errc::not_found, Errc::unsupported, Errc::cancelled}) {
    const Error e{code, "no"};
    EXPECT(told(book, &e, 0s).empty());
  }
  EXPECT(book.unreadable(at(1h)).empty());
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(reads__that_fail_each_time__are_told_once_then_summed_up_and_their_end),
    ACLK_TEST(reads__that_fail_each_time__are_in_the_state_with_since_when_and_why),
    ACLK_TEST(reads__that_may_work_in_a_moment__are_told_when_it_lasts),
    ACLK_TEST(reads__of_what_is_not_there__are_no_failures),
};

}  // namespace
}  // namespace test_failing_reads

int run_failing_reads_tests() {
  return cmocka_run_group_tests_name("failing reads", test_failing_reads::kTests, nullptr, nullptr);
}
