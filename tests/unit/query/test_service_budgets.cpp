// SPDX-License-Identifier: GPL-3.0-or-later
//
// How much is done, waits and is told at once; what ends early.
#include "tests/unit/query/service_rig.h"

#include "tests/unit/cmocka_main.h"
#include "tests/unit/query/tests.h"

namespace test_service_budgets {
using namespace aclk;
using namespace aclk::query;
using namespace aclk::query::test;
using namespace std::chrono_literals;

namespace {

std::string service__refused_queries__do_not_fill_the_log() {
  Rig r;
  for (int i = 0; i < 2000; ++i) r.ask(message("f", "/api/v1/manage/health?" + std::string(3000, 'x')));
  EXPECT_EQ(r.sent.size(), 2000U);
  EXPECT(r.logged("code=403"));
  EXPECT(r.access.size() < 200'000);
  r.ask(message("i", "/api/v1/info"));
  EXPECT(r.until_sent(2001));
  EXPECT(r.logged("code=200"));  // what the host was asked has its line
  return {};
}

std::string service__lost_replies__are_told_twenty_times_and_counted() {
  Rig r;
  r.on_publish = [] { return false; };
  for (int i = 0; i < 2000; ++i) r.ask(message("f" + std::to_string(i), "/api/v1/manage/health"));
  const auto lines = [&r](const std::string &part) {
    std::size_t n = 0;
    for (auto at = r.daemon.find(part); at != std::string::npos; at = r.daemon.find(part, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(lines("could not be queued for sending and is lost\n"), 20U);
  EXPECT_EQ(r.service->counters().unsent, 2000U);
  EXPECT(r.sent.empty());
  return {};
}

std::string service__many_questions__never_run_more_than_the_limit() {
  Rig r(3);
  for (int i = 0; i < 60; ++i) r.ask(message(std::to_string(i), "/api/v1/info"));
  EXPECT(r.until_sent(60));
  EXPECT(r.host.most() <= 3);
  EXPECT_EQ(r.service->running() + r.service->waiting(), 0U);
  EXPECT_EQ(r.active_timers(), 0);
  return {};
}

std::string service__queue_full__is_503() {
  Rig r(1, 1);
  r.ask(message("a", "/api/v1/data?hold"));
  r.ask(message("b", "/api/v1/data"));
  r.ask(message("c", "/api/v1/data"));
  EXPECT_EQ(r.sent.size(), 1U);
  EXPECT_EQ(r.sent[0].id(), "c");
  EXPECT_EQ(r.sent[0].code(), 503);
  r.host.release();
  EXPECT(r.until_sent(3));
  EXPECT_EQ(r.service->counters().busy, 1U);
  return {};
}

std::string service__waited_too_long__is_error_6_and_not_run() {
  Rig r(1);
  r.ask(message("a", "/api/v1/data?hold"));
  EXPECT_EQ(r.active_timers(), 0);
  r.ask(message("b", "/api/v1/data?late", ",\"timeout\":20"));
  EXPECT_EQ(r.active_timers(), 1);
  EXPECT(r.until_sent(1));
  EXPECT_EQ(r.sent[0].id(), "b");
  EXPECT_EQ(r.sent[0].http, "");
  EXPECT_EQ(r.sent[0].code(), 503);
  EXPECT_EQ(r.sent[0].header["error-code"].get<int>(), 6);
  EXPECT(!r.sent[0].header.contains("t-rx"));
  EXPECT(r.logged("QUERY CANCELED: QUEUE TIME EXCEEDED "));
  EXPECT(r.logged(" ms (LIMIT 20 ms)"));
  EXPECT_EQ(r.active_timers(), 0);
  r.host.release();
  EXPECT(r.until_sent(2));
  EXPECT_EQ(r.host.seen().size(), 1U);
  EXPECT_EQ(r.service->counters().timed_out, 1U);
  return {};
}

std::string service__cancel__reaches_running_and_waiting() {
  Rig r(1);
  r.ask(message("run", "/api/v1/data?hold"));
  r.ask(message("wait", "/api/v1/data"));
  EXPECT(r.host.wait_for_questions(1));
  r.service->on_cancel("wait", "trace-1", loop::now());
  EXPECT_EQ(r.sent.size(), 1U);
  EXPECT_EQ(r.sent[0].id(), "wait");
  EXPECT_EQ(r.sent[0].code(), 499);
  EXPECT_EQ(r.sent[0].body(), "{\"error\": \"interrupted\" }");
  r.service->on_cancel("run", "trace-2", loop::now());
  EXPECT(r.until_sent(2));
  EXPECT_EQ(r.sent[1].id(), "run");
  EXPECT_EQ(r.sent[1].code(), 499);
  EXPECT_EQ(r.host.seen().size(), 1U);
  EXPECT(r.logged("ACLK CancelPendingRequest REQ: wait, cloud trace-id: trace-1\n"));
  EXPECT(!r.logged("failed"));
  r.service->on_cancel("gone\n", "t", loop::now());
  EXPECT(r.logged("CancelPending Request for gone? failed. No such pending request.\n"));
  return {};
}

std::string service__cancels_of_nothing__are_told_twenty_times_in_ten_seconds_and_counted() {
  Rig r;
  const auto lines = [](const std::string &text, const std::string &part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
  };
  const auto begin = loop::now();
  for (int i = 0; i < 1000; ++i) r.service->on_cancel("x" + std::to_string(i), "trace", begin + i * 9ms);
  EXPECT(r.daemon.starts_with("CancelPending Request for x0 failed. No such pending request.\n"));
  EXPECT(r.access.starts_with("ACLK CancelPendingRequest REQ: x0, cloud trace-id: trace\n"));
  EXPECT_EQ(lines(r.daemon, "\n"), 20U);
  EXPECT_EQ(lines(r.access, "\n"), 20U);
  EXPECT_EQ(r.service->counters().cancel_requests, 1000U);
  // Those of pending ones are told in any case.
  r.ask(message("wait", "/api/v1/data?hold"));
  r.service->on_cancel("wait", "trace", begin + 9'500ms);
  EXPECT(r.logged("ACLK CancelPendingRequest REQ: wait, cloud trace-id: trace\n"));
  r.service->on_cancel("later", "trace", begin + 10s);
  EXPECT(
      r.daemon.ends_with("ACLK: 980 more cancellations of what is not pending were not logged\n"
                         "CancelPending Request for later failed. No such pending request.\n"));
  return {};
}

std::string service__link_lost__nothing_of_it_is_answered_on_the_next_one() {
  Rig r(1);
  r.ask(message("old-run", "/api/v1/data?hold"));
  r.ask(message("old-wait", "/api/v1/data"));
  r.service->connection_down();
  r.ask(message("while-down", "/api/v1/info"));
  r.ask(message("while-down", "/api/v1/manage"));
  r.service->connection_up(2, 0);
  r.ask(message("new", "/api/v1/info"));
  EXPECT(r.until_sent(1));
  EXPECT(r.until_idle());
  EXPECT_EQ(r.sent.size(), 1U);
  EXPECT_EQ(r.sent[0].id(), "new");
  EXPECT_EQ(r.service->counters().discarded, 4U);
  return {};
}

std::string service__shutdown__answers_what_waits_and_interrupts_what_runs() {
  Rig r(1);
  r.ask(message("run", "/api/v1/data?hold"));
  r.ask(message("wait", "/api/v1/data"));
  r.service->shutdown();
  r.ask(message("after", "/api/v1/info"));
  EXPECT(r.until_sent(2));
  EXPECT_EQ(r.sent[0].id(), "wait");
  EXPECT_EQ(r.sent[0].code(), 499);
  EXPECT_EQ(r.sent[1].id(), "run");
  EXPECT_EQ(r.sent[1].code(), 499);
  EXPECT_EQ(r.service->waiting() + r.service->running(), 0U);
  return {};
}

std::string service__destroyed_while_running__interrupts_and_hears_nothing_more() {
  Rig r(2);
  r.ask(message("a", "/api/v1/data?hold"));
  r.ask(message("b", "/api/v1/data?hold"));
  r.ask(message("c", "/api/v1/data?hold"));
  EXPECT(r.host.wait_for_questions(2));
  r.service.reset();
  EXPECT(r.pool->stop(5s));  // not released: only the interruption ends them
  r.loop.drain();
  EXPECT(r.sent.empty());
  EXPECT_EQ(r.host.seen().size(), 2U);
  return {};
}

std::string service__slowest_query__is_told_once() {
  Rig r;
  r.ask(message("a", "/api/v1/info"));
  EXPECT(r.until_sent(1));
  const auto all = r.service->counters().host_us;
  EXPECT_EQ(r.service->take_slowest_us(), all);
  EXPECT_EQ(r.service->take_slowest_us(), 0U);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(service__refused_queries__do_not_fill_the_log),
    ACLK_TEST(service__lost_replies__are_told_twenty_times_and_counted),
    ACLK_TEST(service__many_questions__never_run_more_than_the_limit),
    ACLK_TEST(service__queue_full__is_503),
    ACLK_TEST(service__waited_too_long__is_error_6_and_not_run),
    ACLK_TEST(service__cancel__reaches_running_and_waiting),
    ACLK_TEST(service__cancels_of_nothing__are_told_twenty_times_in_ten_seconds_and_counted),
    ACLK_TEST(service__link_lost__nothing_of_it_is_answered_on_the_next_one),
    ACLK_TEST(service__shutdown__answers_what_waits_and_interrupts_what_runs),
    ACLK_TEST(service__destroyed_while_running__interrupts_and_hears_nothing_more),
    ACLK_TEST(service__slowest_query__is_told_once),
};

}  // namespace
}  // namespace test_service_budgets

int aclk::query::test::service_budget_tests() {
  return cmocka_run_group_tests_name("query service: budgets", test_service_budgets::kTests, nullptr, nullptr);
}
