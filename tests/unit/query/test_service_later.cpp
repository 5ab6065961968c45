// SPDX-License-Identifier: GPL-3.0-or-later
//
// Hosts that answer after the hook has returned: from other threads, twice, late, never.
#include "tests/unit/query/service_rig.h"

#include "tests/unit/cmocka_main.h"
#include "tests/unit/query/tests.h"

namespace test_service_later {
using namespace aclk;
using namespace aclk::query;
using namespace aclk::query::test;
using namespace std::chrono_literals;

namespace {

constexpr auto kNeverBlocks = FakeHost::Hook::never_blocks;

std::string later__answer_of_another_thread__is_the_reply_in_both_forms() {
  for (const auto hook : {FakeHost::Hook::blocks, kNeverBlocks}) {
    Rig r(2, 100, hook);
    for (int i = 0; i < 20; ++i) r.ask(message(std::to_string(i), "/api/v1/data?later&size=" + std::to_string(i)));
    EXPECT(r.until_sent(20));
    EXPECT(r.until_idle());
    for (const auto &p : r.sent) EXPECT_EQ(p.body().size(), std::stoul(p.id()));
    EXPECT_EQ(r.service->counters().forwarded, 20U);
    EXPECT_EQ(r.service->counters().replies, 20U);
    EXPECT_EQ(r.service->running() + r.service->waiting(), 0U);
    EXPECT_EQ(r.active_timers(), 0);
    EXPECT_EQ(r.host.host().requests().counters().open, 0U);
  }
  return {};
}

std::string later__hook_that_never_blocks__is_called_on_the_loop_and_may_answer_at_once() {
  Rig r(2, 100, kNeverBlocks);
  r.ask(message("a", "/api/v1/info"));
  EXPECT_EQ(r.host.seen().size(), 1U);  // before the loop has turned
  EXPECT(r.sent.empty());
  EXPECT(r.until_sent(1));
  EXPECT_EQ(r.sent[0].body(), "/api/v1/info");
  return {};
}

std::string later__without_an_answer__no_more_are_asked_than_the_limit() {
  Rig r(3, 100, kNeverBlocks);
  for (int i = 0; i < 10; ++i) r.ask(message(std::to_string(i), "/api/v1/data?later&hold"));
  EXPECT_EQ(r.host.seen().size(), 3U);
  EXPECT_EQ(r.service->running(), 3U);
  EXPECT_EQ(r.service->waiting(), 7U);
  r.host.release();
  EXPECT(r.until_sent(10));
  EXPECT(r.until_idle());
  return {};
}

std::string later__cancelled__the_host_is_told_and_its_answer_is_499() {
  Rig r(1, 100, kNeverBlocks);
  r.ask(message("run", "/api/v1/data?later&hold"));
  r.service->on_cancel("run", "trace", loop::now());
  EXPECT_EQ(r.host.cancelled().size(), 1U);
  EXPECT(r.until_sent(1));
  EXPECT_EQ(r.sent[0].code(), 499);
  r.service->on_cancel("run", "trace", loop::now());
  EXPECT_EQ(r.host.cancelled().size(), 1U);
  return {};
}

std::string later__never_answered__is_504_after_the_deadline_and_its_place_goes_to_the_next() {
  for (const auto hook : {FakeHost::Hook::blocks, kNeverBlocks}) {
    Rig r(1, 100, hook);
    r.ask(message("never", "/api/v1/data?deaf", ",\"timeout\":30"));
    r.ask(message("next", "/api/v1/info"));
    EXPECT(r.until_sent(2));
    EXPECT_EQ(r.sent[0].id(), "never");
    EXPECT_EQ(r.sent[0].code(), 504);
    EXPECT_EQ(r.sent[1].id(), "next");
    EXPECT_EQ(r.sent[1].code(), 200);
    EXPECT_EQ(r.service->counters().unanswered, 1U);
    EXPECT(r.logged("has not answered the query "));
    EXPECT_EQ(r.host.cancelled().size(), 1U);
    EXPECT_EQ(r.host.host().requests().counters().open, 1U);
    r.host.release();
    r.host.join();
    EXPECT_EQ(r.host.host().requests().counters().open, 0U);
    EXPECT_EQ(r.host.host().requests().counters().late, 1U);
    r.loop.drain();
    EXPECT_EQ(r.sent.size(), 2U);
    EXPECT_EQ(r.active_timers(), 0);
  }
  return {};
}

std::string later__answered_twice__the_second_is_ignored_counted_and_said_once() {
  for (const auto *target : {"/api/v1/data?later&twice", "/api/v1/data?twice"}) {
    Rig r(2, 100, kNeverBlocks);
    for (int i = 0; i < 5; ++i) r.ask(message(std::to_string(i), target));
    EXPECT(r.until_sent(5));
    r.host.join();
    EXPECT(r.until_idle());
    r.loop.drain();
    EXPECT_EQ(r.sent.size(), 5U);
    EXPECT_EQ(r.host.host().requests().counters().again, 5U);
    EXPECT_EQ(r.host.log(),
              "ACLK: the agent's database has answered a question that was answered before, or never asked; such "
              "answers are ignored, and only counted from now on\n");
  }
  return {};
}

std::string later__time_over_before_the_host_began__is_error_6() {
  Rig r(1, 100, kNeverBlocks);
  r.ask(message("a", "/api/v1/data?later&errno=" + std::to_string(EBUSY)));
  EXPECT(r.until_sent(1));
  EXPECT_EQ(r.sent[0].code(), 503);
  EXPECT_EQ(r.sent[0].header["error-code"].get<int>(), 6);
  EXPECT(r.logged("QUERY CANCELED: QUEUE TIME EXCEEDED "));
  EXPECT_EQ(r.service->counters().timed_out, 1U);
  return {};
}

std::string later__link_lost__interrupts_and_nothing_of_it_is_answered_on_the_next_one() {
  Rig r(2, 100, kNeverBlocks);
  r.ask(message("held", "/api/v1/data?later&hold"));
  r.ask(message("deaf", "/api/v1/data?deaf", ",\"timeout\":30"));
  r.service->connection_down();
  EXPECT_EQ(r.host.cancelled().size(), 2U);
  r.service->connection_up(2, 0);
  r.ask(message("new", "/api/v1/info"));
  EXPECT(r.until_sent(1));
  EXPECT(r.until_idle());
  EXPECT_EQ(r.sent.size(), 1U);
  EXPECT_EQ(r.sent[0].id(), "new");
  EXPECT_EQ(r.service->counters().discarded, 2U);
  EXPECT_EQ(r.service->counters().unanswered, 1U);
  return {};
}

std::string later__shutdown__answers_of_interrupted_questions_still_go_out() {
  Rig r(2, 100, kNeverBlocks);
  r.ask(message("a", "/api/v1/data?later&hold"));
  r.ask(message("b", "/api/v1/data?later&hold"));
  r.service->shutdown();
  EXPECT(r.until_sent(2));
  for (const auto &p : r.sent) EXPECT_EQ(p.code(), 499);
  return {};
}

std::string later__service_destroyed__what_comes_afterwards_does_nothing() {
  Rig r(3, 100, kNeverBlocks);
  r.ask(message("a", "/api/v1/data?later&hold"));
  r.ask(message("b", "/api/v1/data?deaf"));
  r.ask(message("c", "/api/v1/info"));  // answered, and on its way through the inbox
  r.service.reset();
  EXPECT_EQ(r.host.cancelled().size(), 2U);
  r.host.release();
  r.host.join();
  r.loop.drain();
  EXPECT(r.sent.empty());
  EXPECT(r.host.host().requests().counters().late >= 1);  // the other one may have answered before it was given up
  EXPECT_EQ(r.host.host().requests().counters().open, 0U);
  return {};
}

std::string later__answers_race_with_deadlines__each_question_has_one_reply() {
  Rig r(64, 2000, kNeverBlocks);
  constexpr std::size_t kQuestions = 600;
  for (std::size_t i = 0; i < kQuestions; ++i)
    r.ask(message(std::to_string(i), i % 3 == 0 ? "/api/v1/data?deaf" : "/api/v1/data?later",
                  ",\"timeout\":" + std::to_string(i % 7 + 1)));
  EXPECT(r.until_sent(kQuestions));
  EXPECT(r.until_idle());
  r.host.release();
  r.host.join();
  r.loop.drain();
  EXPECT_EQ(r.sent.size(), kQuestions);
  EXPECT_EQ(r.service->waiting(), 0U);
  EXPECT_EQ(r.host.host().requests().counters().again, 0U);
  EXPECT_EQ(r.host.host().requests().counters().open, 0U);
  return {};
}

std::string later__host_that_answers_nothing__is_asked_no_more_than_so_many() {
  auto table = aclk::test::empty_host(nullptr);
  table.query = [](void *, const naclk_query *) {};
  const auto host = aclk::test::adopted(table);
  auto &requests = host.requests();
  int refused = 0;
  for (std::size_t i = 0; i < host::Requests::kMost + 3; ++i) {
    const auto id = requests.open([&](const Result<host::Answer> &a, host::HostWork) {
      if (!a && a.error().code == Errc::unavailable) ++refused;
    });
    (void)requests.give_up(id);
  }
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(requests.counters().open, host::Requests::kMost);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(later__answer_of_another_thread__is_the_reply_in_both_forms),
    ACLK_TEST(later__hook_that_never_blocks__is_called_on_the_loop_and_may_answer_at_once),
    ACLK_TEST(later__without_an_answer__no_more_are_asked_than_the_limit),
    ACLK_TEST(later__cancelled__the_host_is_told_and_its_answer_is_499),
    ACLK_TEST(later__never_answered__is_504_after_the_deadline_and_its_place_goes_to_the_next),
    ACLK_TEST(later__answered_twice__the_second_is_ignored_counted_and_said_once),
    ACLK_TEST(later__time_over_before_the_host_began__is_error_6),
    ACLK_TEST(later__link_lost__interrupts_and_nothing_of_it_is_answered_on_the_next_one),
    ACLK_TEST(later__shutdown__answers_of_interrupted_questions_still_go_out),
    ACLK_TEST(later__service_destroyed__what_comes_afterwards_does_nothing),
    ACLK_TEST(later__answers_race_with_deadlines__each_question_has_one_reply),
    ACLK_TEST(later__host_that_answers_nothing__is_asked_no_more_than_so_many),
};

}  // namespace
}  // namespace test_service_later

int aclk::query::test::service_later_tests() {
  return cmocka_run_group_tests_name("query service: answers that come later", test_service_later::kTests, nullptr,
                                     nullptr);
}
