// SPDX-License-Identifier: GPL-3.0-or-later
//
// Links that keep falling, with a clock of our own.
#include "aclk/session/connection_history.h"
#include "tests/unit/session/tests.h"

#include "tests/unit/cmocka_main.h"

namespace test_drops {
using namespace aclk::session;
using namespace std::chrono_literals;

namespace {

constexpr aclk::loop::Instant kT0{1000h};

// Something that ends connections after `cut` of silence; the link is silent for what `drops` allows.
struct Cutter {
  Drops &drops;
  std::chrono::milliseconds cut;
  aclk::loop::Instant now = kT0;

  std::chrono::milliseconds quiet() const { return drops.quiet().value_or(Drops::kUsual); }
  // One connection; it was used for a while. True: it held, and ended after `held` for another reason.
  bool connection(std::chrono::milliseconds held = 2h) {
    if (quiet() < cut) {
      now += held;
      drops.dropped({now, held, true, 3ms, quiet()});
      return true;
    }
    now += 1s + cut;
    drops.dropped({now, 1s + cut, true, cut + 40ms, 300ms});
    return false;
  }
};

std::string drops__idle_connections_are_cut__the_third_one_shortens_the_silence() {
  Drops d;
  Cutter c{d, 20s};
  EXPECT(!c.connection() && !d.quiet());
  EXPECT(!c.connection() && !d.quiet());
  EXPECT(d.finding(c.now).empty());
  EXPECT(!c.connection() && d.quiet() && *d.quiet() == 10'020ms);
  const auto news = d.take_news().value_or("");
  EXPECT(news.find("cut after about 20 s without traffic") != std::string::npos);
  EXPECT(news.find("asked every 10 s") != std::string::npos);
  const auto told = d.finding(c.now);
  EXPECT(told.starts_with("the link fell 3 times in the last hour, after about 20 s without traffic"));
  EXPECT(told.find("cuts idle connections") != std::string::npos);
  EXPECT(told.find("; raise the time") != std::string::npos);
  EXPECT(c.connection());
  return {};
}

std::string drops__any_cut_that_can_be_held_off__is() {
  for (const auto cut : {6s, 7s, 10s, 13s, 20s, 29s, 30s, 44s}) {
    Drops d;
    Cutter c{d, cut};
    int fell = 0;
    while (!c.connection() && fell < 20) ++fell;
    EXPECT_EQ(fell, 3);
  }
  return {};
}

std::string drops__cut_faster_than_the_floor__stays_there_and_is_told() {
  Drops d;
  Cutter c{d, 3s};
  for (int i = 0; i < 50; ++i) EXPECT(!c.connection());
  EXPECT(d.quiet() && *d.quiet() == Drops::kFloor);
  EXPECT(d.finding(c.now).find("too seldom for that") != std::string::npos);
  return {};
}

std::string drops__dead_without_a_sign__is_noticed_at_the_ping_and_halved_until_it_holds() {
  // A firewall forgets the connection after 30 s: the ping at 45 s has no answer, whatever is asked for.
  Drops d;
  auto now = kT0;
  int fell = 0;
  while (d.quiet().value_or(Drops::kUsual) >= 30s && fell < 20) {
    const auto quiet = d.quiet().value_or(Drops::kUsual);
    now += quiet + 60s;
    d.dropped({now, quiet + 60s, true, quiet, 200ms});
    ++fell;
  }
  EXPECT_EQ(fell, 3);
  EXPECT(*d.quiet() == 22'500ms);
  return {};
}

std::string drops__lifetime_is_limited__no_ping_is_sent_more_often() {
  Drops d;
  auto now = kT0;
  for (int i = 0; i < 5; ++i) {
    now += 60s;
    d.dropped({now, 60s, true, 15s, 45s});  // it was silent for longer before, which did no harm
  }
  EXPECT(!d.quiet() && !d.take_news());
  EXPECT(d.finding(now).find("each time after about 60 s online, whatever went over it") != std::string::npos);
  return {};
}

std::string drops__no_regularity__is_counted_and_nothing_else() {
  Drops d;
  auto now = kT0;
  for (const auto silence : {3s, 40s, 12s, 25s, 2s, 33s}) {
    now += 100s + silence * 7;
    d.dropped({now, 100s + silence * 7, true, silence, 1s});
  }
  EXPECT(!d.quiet() && !d.take_news());
  EXPECT(d.finding(now).starts_with("the link fell 6 times in the last hour, after 114 s to 6 min online"));
  EXPECT_EQ(d.count(now + 61min), 0U);
  EXPECT(d.finding(now + 61min).empty());
  return {};
}

std::string drops__broker_that_says_why__is_no_idle_cut() {
  Drops d;
  for (int i = 0; i < 6; ++i) d.dropped({kT0, 20s, false, 20s, 0s});
  EXPECT(!d.quiet());
  for (int i = 0; i < 6; ++i) d.dropped({kT0, 20s, true, 10ms, 0s});  // in the middle of traffic
  EXPECT(!d.quiet());
  return {};
}

std::string drops__after_an_hour__is_tried_less_often_and_taken_back_at_the_first_cut() {
  Drops d;
  Cutter c{d, 20s};
  for (int i = 0; i < 3; ++i) (void)c.connection();
  (void)d.take_news();
  EXPECT(c.connection(30min) && c.quiet() == 10'020ms);  // not yet
  EXPECT(c.connection() && c.quiet() == 15'030ms);
  EXPECT(c.connection() && c.quiet() == 22'545ms);
  EXPECT(!c.connection() && c.quiet() == 15'030ms);   // once is enough
  EXPECT(c.connection(3h) && c.quiet() == 15'030ms);  // now it takes four
  EXPECT(c.connection(5h) && c.quiet() == 22'545ms);
  EXPECT(!c.connection() && c.quiet() == 15'030ms);
  EXPECT(!d.take_news());  // of which the log hears nothing
  int cuts = 0;
  for (int day = 0; day < 30; ++day) cuts += c.connection(24h) ? 0 : 1;
  EXPECT(cuts <= 15);
  EXPECT(d.finding(c.now).starts_with("the link fell, after about 20 s without traffic"));
  return {};
}

std::string drops__cutter_is_gone__it_ends_where_it_began() {
  Drops d;
  Cutter c{d, 20s};
  for (int i = 0; i < 3; ++i) (void)c.connection();
  (void)d.take_news();
  c.cut = 24h;
  for (int i = 0; i < 8; ++i) EXPECT(c.connection());
  EXPECT(!d.quiet());
  EXPECT(d.take_news().value_or("").find("not cut any more") != std::string::npos);
  EXPECT(d.finding(c.now).empty());
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(drops__idle_connections_are_cut__the_third_one_shortens_the_silence),
    ACLK_TEST(drops__any_cut_that_can_be_held_off__is),
    ACLK_TEST(drops__cut_faster_than_the_floor__stays_there_and_is_told),
    ACLK_TEST(drops__dead_without_a_sign__is_noticed_at_the_ping_and_halved_until_it_holds),
    ACLK_TEST(drops__lifetime_is_limited__no_ping_is_sent_more_often),
    ACLK_TEST(drops__no_regularity__is_counted_and_nothing_else),
    ACLK_TEST(drops__broker_that_says_why__is_no_idle_cut),
    ACLK_TEST(drops__after_an_hour__is_tried_less_often_and_taken_back_at_the_first_cut),
    ACLK_TEST(drops__cutter_is_gone__it_ends_where_it_began),
};

}  // namespace
}  // namespace test_drops

int run_drops_tests() { return cmocka_run_group_tests_name("drops", test_drops::tests, nullptr, nullptr); }
