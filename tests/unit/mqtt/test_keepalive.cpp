// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/keepalive.h"

#include "tests/unit/cmocka_main.h"
#include "tests/unit/mqtt/tests.h"

namespace test_keepalive {
using namespace aclk;
using namespace aclk::mqtt;
using namespace std::chrono_literals;
using Todo = KeepAlive::Todo;

namespace {

const loop::Instant t0{};

std::string keepalive__silence__is_asked_about_at_three_quarters_and_fatal_sixty_seconds_later() {
  KeepAlive k(t0);
  EXPECT(k.next() == t0 + 45s);
  EXPECT(k.due(t0 + 44s) == Todo::nothing);
  EXPECT(k.due(t0 + 45s) == Todo::ping);
  EXPECT(k.due(t0 + 46s) == Todo::nothing);
  EXPECT(k.due(t0 + 104s) == Todo::ping);  // the broker's own patience: something is said every 45 s
  EXPECT(k.next() == t0 + 105s);
  EXPECT(k.due(t0 + 105s) == Todo::dead);
  return {};
}

std::string keepalive__divided_answer__is_waited_for_that_much_shorter() {
  KeepAlive k(t0, {.deadlines = 10});
  k.granted(2s);
  EXPECT(k.due(t0 + 1500ms) == Todo::ping);
  EXPECT(k.answer_within() == 500ms);
  EXPECT(k.due(t0 + 1999ms) == Todo::nothing);
  EXPECT(k.due(t0 + 2s) == Todo::dead);
  return {};
}

// The reference's worst: a peer that is gone is never noticed by an agent that has something to say.
std::string keepalive__busy_talker_and_dead_peer__is_noticed_as_soon() {
  KeepAlive k(t0);
  for (auto t = 0s; t < 45s; t += 5s) {
    k.said(t0 + t);
    EXPECT(k.due(t0 + t) == Todo::nothing);
  }
  EXPECT(k.due(t0 + 45s) == Todo::ping);
  k.pinged(t0 + 45s);
  k.said(t0 + 89s);
  k.pinged(t0 + 89s);  // another one
  for (auto t = 90s; t < 105s; t += 5s) {
    k.said(t0 + t);
    EXPECT(k.due(t0 + t) == Todo::nothing);
  }
  EXPECT(k.due(t0 + 105s) == Todo::dead);
  return {};
}

std::string keepalive__ping_behind_a_long_packet__is_waited_for_from_when_it_goes_out() {
  KeepAlive k(t0);
  EXPECT(k.due(t0 + 45s) == Todo::ping);
  for (auto t = 46s; t < 200s; t += 5s) {
    k.said(t0 + t);  // of the packet that is under way
    EXPECT(k.due(t0 + t) == Todo::nothing);
  }
  k.pinged(t0 + 200s);
  EXPECT(k.due(t0 + 244s) == Todo::nothing);
  EXPECT(k.due(t0 + 259s) != Todo::dead);
  EXPECT(k.due(t0 + 260s) == Todo::dead);
  // And if nothing goes out any more:
  KeepAlive stuck(t0);
  EXPECT(stuck.due(t0 + 45s) == Todo::ping);
  stuck.said(t0 + 50s);
  EXPECT(stuck.due(t0 + 94s) == Todo::nothing);
  EXPECT(stuck.next() == t0 + 95s);
  EXPECT(stuck.due(t0 + 110s) == Todo::dead);
  return {};
}

std::string keepalive__any_packet__is_an_answer() {
  KeepAlive k(t0);
  EXPECT(k.due(t0 + 45s) == Todo::ping);
  k.heard(t0 + 104s);
  EXPECT(k.due(t0 + 105s) == Todo::ping);  // nothing was said for 45 s
  EXPECT(k.due(t0 + 164s) == Todo::ping);
  EXPECT(k.due(t0 + 165s) == Todo::dead);  // 60 s after the ping at 105
  return {};
}

std::string keepalive__listener_only__says_something_before_the_broker_loses_patience() {
  KeepAlive k(t0);
  for (auto t = 1s; t < 45s; t += 1s) k.heard(t0 + t);
  EXPECT(k.next() == t0 + 45s);
  EXPECT(k.due(t0 + 45s) == Todo::ping);
  return {};
}

std::string keepalive__granted_by_the_server__is_followed() {
  KeepAlive k(t0);
  k.granted(20s);
  EXPECT(k.next() == t0 + 15s);
  EXPECT(k.due(t0 + 15s) == Todo::ping);
  EXPECT(k.due(t0 + 35s) == Todo::dead);
  KeepAlive quick(t0);
  quick.granted(2s);
  EXPECT(quick.due(t0 + 1500ms) == Todo::ping);
  EXPECT(quick.due(t0 + 6400ms) == Todo::ping);
  EXPECT(quick.due(t0 + 6500ms) == Todo::dead);
  KeepAlive long_one(t0);
  long_one.granted(1000s);
  EXPECT(long_one.due(t0 + 45s) == Todo::ping);  // sooner than it wants to hear: a dead peer is to be noticed
  EXPECT(long_one.due(t0 + 105s) == Todo::dead);
  KeepAlive none(t0);
  none.granted(0s);
  EXPECT(none.next() == t0 + 45s);
  return {};
}

std::string keepalive__after_a_suspend__asks_first() {
  KeepAlive k(t0);
  EXPECT(k.due(t0 + 10h) == Todo::ping);
  k.heard(t0 + 10h + 1s);
  EXPECT(k.due(t0 + 10h + 2s) == Todo::nothing);
  return {};
}

std::string keepalive__doubt__asks_at_once_and_waits_five_seconds() {
  KeepAlive k(t0);
  k.heard(t0 + 10s);
  EXPECT(k.due(t0 + 11s) == Todo::nothing);
  k.doubt();
  EXPECT(k.next() <= t0 + 11s);
  EXPECT(k.due(t0 + 11s) == Todo::ping);
  EXPECT(k.next() == t0 + 16s);
  EXPECT(k.due(t0 + 15s) == Todo::nothing);
  EXPECT(k.due(t0 + 16s) == Todo::dead);
  k.heard(t0 + 16s);
  EXPECT(k.next() == t0 + 11s + 45s);
  // Asked already, a minute ago: what was asked then does not count.
  EXPECT(k.due(t0 + 61s) == Todo::ping);
  k.doubt();
  EXPECT(k.due(t0 + 100s) == Todo::ping);
  EXPECT(k.due(t0 + 105s) == Todo::dead);
  return {};
}

std::string keepalive__silent_connections_are_cut__asks_as_often_as_told() {
  KeepAlive k(t0);
  k.silent_at_most(10s);
  EXPECT(k.next() == t0 + 10s && k.due(t0 + 9s) == Todo::nothing);
  EXPECT(k.due(t0 + 10s) == Todo::ping);
  k.granted(4s);  // what the broker wants is less
  k.heard(t0 + 10s);
  k.said(t0 + 10s);
  EXPECT(k.next() == t0 + 13s);
  k.granted(1h);
  k.silent_at_most(100s);
  EXPECT(k.next() == t0 + 55s);  // more than usual it is never
  return {};
}

std::string keepalive__silence__is_what_may_have_ended_the_connection() {
  KeepAlive k(t0);
  k.said(t0 + 1s);
  k.heard(t0 + 2s);
  EXPECT(k.silence(t0 + 22s) == 20s && k.survived() == 1s);  // cut while nothing was said
  EXPECT(k.due(t0 + 47s) == Todo::ping);
  k.said(t0 + 47s);
  k.pinged(t0 + 47s);
  EXPECT(k.silence(t0 + 107s) == 45s);  // no answer: the silence was before the question
  k.heard(t0 + 48s);
  EXPECT(k.survived() == 45s && k.silence(t0 + 50s) == 2s);
  k.said(t0 + 60s);
  k.said(t0 + 61s);
  EXPECT(k.silence(t0 + 62s) == 12s);  // the longest since the last word of the other side
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(keepalive__divided_answer__is_waited_for_that_much_shorter),
    ACLK_TEST(keepalive__silence__is_asked_about_at_three_quarters_and_fatal_sixty_seconds_later),
    ACLK_TEST(keepalive__busy_talker_and_dead_peer__is_noticed_as_soon),
    ACLK_TEST(keepalive__ping_behind_a_long_packet__is_waited_for_from_when_it_goes_out),
    ACLK_TEST(keepalive__any_packet__is_an_answer),
    ACLK_TEST(keepalive__listener_only__says_something_before_the_broker_loses_patience),
    ACLK_TEST(keepalive__granted_by_the_server__is_followed),
    ACLK_TEST(keepalive__after_a_suspend__asks_first),
    ACLK_TEST(keepalive__silent_connections_are_cut__asks_as_often_as_told),
    ACLK_TEST(keepalive__silence__is_what_may_have_ended_the_connection),
    ACLK_TEST(keepalive__doubt__asks_at_once_and_waits_five_seconds),
};

}  // namespace
}  // namespace test_keepalive

int run_keepalive_tests() { return cmocka_run_group_tests_name("keepalive", test_keepalive::tests, nullptr, nullptr); }
