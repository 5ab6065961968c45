// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a reading of the alert log means: whole, cut, another one.
#include "plugin-api/external/alerts/read_alerts.h"
#include "plugin-api/external/json/values.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_alert_log {
namespace {

constexpr std::uint64_t kBegan = 1795200000;  // second in which the process began

std::vector<naclk_alert> entries(std::uint64_t first, std::size_t count, std::uint64_t when = kBegan - 1000) {
  std::vector<naclk_alert> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i].log_id = first + i;
    out[i].alert_id = view("a");
    out[i].status = NACLK_ALERT_UNKNOWN;
    out[i].event_id = i + 1;
    out[i].when_s = when + i;
  }
  return out;
}

std::string alarm_log__entry_after_is_there__continues() {
  const auto log = entries(100, 4);
  EXPECT(continues_log(log, 100, std::nullopt, kBegan));
  const auto r = take_log(log, 100, 0, Continuity::whole);
  EXPECT(!r.gap && r.last == 103 && r.entries.size() == 3 && r.entries[0].log_id == 101);
  return {};
}

std::string alarm_log__limit__takes_the_oldest() {
  const auto r = take_log(entries(101, 30), 100, 10, Continuity::whole);
  EXPECT(r.last == 110 && r.entries.size() == 10);
  return {};
}

std::string alarm_log__ids_used_up_by_repeated_notifications__no_gap() {
  auto log = entries(100, 1);
  log.push_back(entries(1200, 1)[0]);
  EXPECT(continues_log(log, 100, std::nullopt, kBegan));
  return {};
}

std::string alarm_log__more_than_the_agent_keeps_while_away__is_a_gap() {
  const auto log = entries(1435, 666);  // 2000 entries since 100, cut to two thirds of 1000
  EXPECT(!continues_log(log, 100, std::nullopt, kBegan));
  const auto r = take_log(log, 100, 0, Continuity::gap);
  EXPECT(r.gap && r.entries.size() == 666 && r.last == 2100);
  return {};
}

std::string alarm_log__new_database_with_lower_ids__shows_everything() {
  const auto log = entries(10, 5, kBegan + 10);
  EXPECT(!continues_log(log, 100, std::nullopt, kBegan));
  const auto r = take_log(log, 100, 0, Continuity::gap);
  EXPECT(r.gap && r.entries.size() == 5 && r.last == 14);
  return {};
}

std::string alarm_log__new_database_just_above__is_a_gap() {
  EXPECT(!continues_log(entries(105, 3, kBegan + 10), 100, std::nullopt, kBegan));
  return {};
}

// 94 transitions in the first 14 s: ids run ahead of the clock that they began at, and go past `after`.
std::string alarm_log__new_database_that_overtook__is_a_gap() {
  const auto log = entries(50, 94, kBegan + 10);
  EXPECT(!continues_log(log, 100, std::nullopt, kBegan));
  const auto r = take_log(log, 100, 0, Continuity::gap);
  EXPECT(r.gap && r.last == 143 && r.entries.size() == 43);
  return {};
}

// Power cut: the last rows of the database are lost, their ids are given to the REMOVED of the next start.
std::string alarm_log__lost_end_written_anew_at_start__is_a_gap() {
  auto log = entries(100, 43, kBegan - 1);
  log[0].status = NACLK_ALERT_REMOVED;
  EXPECT(!continues_log(log, 100, std::nullopt, kBegan));
  return {};
}

// The worker is killed right after it has read a raised alert, and started again: nothing is missing.
std::string alarm_log__restart_within_a_second_of_a_raise__continues() {
  for (const std::uint64_t ago : {0U, 1U, 4U}) {
    auto log = entries(100, 2, kBegan - ago);
    log[0].status = NACLK_ALERT_WARNING;
    EXPECT(continues_log(log, 100, std::nullopt, kBegan));
  }
  auto later = entries(100, 2, kBegan + 1);
  later[0].status = NACLK_ALERT_WARNING;
  EXPECT(!continues_log(later, 100, std::nullopt, kBegan));
  return {};
}

std::string alarm_log__agent_replaced_below_a_living_process__is_seen_by_the_entry() {
  const auto log = entries(100, 4, kBegan + 500);
  const auto shown = anchor_of(log[0]);
  EXPECT(continues_log(log, 100, shown, kBegan));
  auto other = log;
  other[0].alert_id = view("b");
  EXPECT(!continues_log(other, 100, shown, kBegan));
  other = log;
  other[0].when_s += 1;
  EXPECT(!continues_log(other, 100, shown, kBegan));
  // Somebody reads again from further back: nothing is known of that entry.
  EXPECT(continues_log(log, 101, shown, kBegan));
  return {};
}

std::string alarm_log__clock_set_back_or_forth__ids_go_on() {
  auto log = entries(100, 3);
  log[1].when_s = kBegan + 3600;
  log[2].when_s = kBegan - 10800;
  EXPECT(continues_log(log, 100, std::nullopt, kBegan));
  const auto r = take_log(log, 100, 0, Continuity::whole);
  EXPECT(r.entries.size() == 2 && r.last == 102);
  return {};
}

std::string alarm_log__nothing_new__stays_where_it_was() {
  const auto r = take_log(entries(100, 1), 100, 0, Continuity::whole);
  EXPECT(!r.gap && r.last == 100 && r.entries.empty());
  EXPECT(take_log({}, 100, 0, Continuity::gap).last == 100);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(alarm_log__entry_after_is_there__continues),
    ACLK_TEST(alarm_log__limit__takes_the_oldest),
    ACLK_TEST(alarm_log__ids_used_up_by_repeated_notifications__no_gap),
    ACLK_TEST(alarm_log__more_than_the_agent_keeps_while_away__is_a_gap),
    ACLK_TEST(alarm_log__new_database_with_lower_ids__shows_everything),
    ACLK_TEST(alarm_log__new_database_just_above__is_a_gap),
    ACLK_TEST(alarm_log__new_database_that_overtook__is_a_gap),
    ACLK_TEST(alarm_log__lost_end_written_anew_at_start__is_a_gap),
    ACLK_TEST(alarm_log__restart_within_a_second_of_a_raise__continues),
    ACLK_TEST(alarm_log__agent_replaced_below_a_living_process__is_seen_by_the_entry),
    ACLK_TEST(alarm_log__clock_set_back_or_forth__ids_go_on),
    ACLK_TEST(alarm_log__nothing_new__stays_where_it_was),
};

}  // namespace
}  // namespace test_alert_log

int alert_log_tests() { return cmocka_run_group_tests_name("alert_log", test_alert_log::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
