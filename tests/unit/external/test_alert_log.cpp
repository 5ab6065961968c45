// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a reading of the alert log means: whole, cut, another one, put together.
#include "plugin-api/external/alerts/read_alerts_v1.h"
#include "plugin-api/external/alerts/read_alerts_v2.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace {

constexpr std::uint64_t kBegan = 1795200000;  // second in which the process began
constexpr std::uint64_t kNow = 1795300000;
constexpr std::uint64_t kGi = 1795299000000000;

// ---------------------------------------------------------------------------------------------------------- 1.x

std::vector<Alert> entries(std::uint64_t first, std::size_t count, std::uint64_t when = kBegan - 1000) {
  std::vector<Alert> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i].log_id = first + i;
    out[i].alert_id = "a";
    out[i].event_id = i + 1;
    out[i].when_s = when + i;
  }
  return out;
}

std::string log_v1__entry_after_is_there__continues() {
  const auto log = entries(100, 4);
  EXPECT(continues_log(log, 100, std::nullopt, kBegan));
  const auto r = take_log(log, 100, 0, false);
  EXPECT(!r.gap && r.last == 103 && r.entries.size() == 3 && r.entries[0].log_id == 101);
  return {};
}

std::string log_v1__limit__takes_the_oldest() {
  const auto r = take_log(entries(101, 30), 100, 10, false);
  EXPECT(r.last == 110 && r.entries.size() == 10);
  return {};
}

std::string log_v1__ids_used_up_by_repeated_notifications__no_gap() {
  auto log = entries(100, 1);
  log.push_back(entries(1200, 1)[0]);
  EXPECT(continues_log(log, 100, std::nullopt, kBegan));
  return {};
}

std::string log_v1__more_than_the_agent_keeps_while_away__is_a_gap() {
  const auto log = entries(1435, 666);  // 2000 entries since 100, cut to two thirds of 1000
  EXPECT(!continues_log(log, 100, std::nullopt, kBegan));
  const auto r = take_log(log, 100, 0, true);
  EXPECT(r.gap && r.entries.size() == 666 && r.last == 2100);
  return {};
}

std::string log_v1__new_database_with_lower_ids__shows_everything() {
  const auto log = entries(10, 5, kBegan + 10);
  EXPECT(!continues_log(log, 100, std::nullopt, kBegan));
  const auto r = take_log(log, 100, 0, true);
  EXPECT(r.gap && r.entries.size() == 5 && r.last == 14);
  return {};
}

std::string log_v1__new_database_just_above__is_a_gap() {
  EXPECT(!continues_log(entries(105, 3, kBegan + 10), 100, std::nullopt, kBegan));
  return {};
}

// 94 transitions in the first 14 s: ids run ahead of the clock that they began at, and go past `after`.
std::string log_v1__new_database_that_overtook__is_a_gap() {
  const auto log = entries(50, 94, kBegan + 10);
  EXPECT(!continues_log(log, 100, std::nullopt, kBegan));
  const auto r = take_log(log, 100, 0, true);
  EXPECT(r.gap && r.last == 143 && r.entries.size() == 43);
  return {};
}

// Power cut: the last rows of the database are lost, their ids are given to the REMOVED of the next start.
std::string log_v1__lost_end_written_anew_at_start__is_a_gap() {
  auto log = entries(100, 43, kBegan - 1);
  log[0].status = NACLK_ALERT_REMOVED;
  EXPECT(!continues_log(log, 100, std::nullopt, kBegan));
  return {};
}

// The worker is killed right after it has read a raised alert, and started again: nothing is missing.
std::string log_v1__restart_within_a_second_of_a_raise__continues() {
  for (const std::uint64_t ago : {0, 1, 4}) {
    auto log = entries(100, 2, kBegan - ago);
    log[0].status = NACLK_ALERT_WARNING;
    EXPECT(continues_log(log, 100, std::nullopt, kBegan));
  }
  auto later = entries(100, 2, kBegan + 1);
  later[0].status = NACLK_ALERT_WARNING;
  EXPECT(!continues_log(later, 100, std::nullopt, kBegan));
  return {};
}

std::string log_v1__agent_replaced_below_a_living_process__is_seen_by_the_entry() {
  const auto log = entries(100, 4, kBegan + 500);
  const auto shown = anchor_of(log[0]);
  EXPECT(continues_log(log, 100, shown, kBegan));
  auto other = log;
  other[0].alert_id = "b";
  EXPECT(!continues_log(other, 100, shown, kBegan));
  other = log;
  other[0].when_s += 1;
  EXPECT(!continues_log(other, 100, shown, kBegan));
  // Somebody reads again from further back: nothing is known of that entry.
  EXPECT(continues_log(log, 101, shown, kBegan));
  return {};
}

std::string log_v1__clock_set_back_or_forth__ids_go_on() {
  auto log = entries(100, 3);
  log[1].when_s = kBegan + 3600;
  log[2].when_s = kBegan - 10800;
  EXPECT(continues_log(log, 100, std::nullopt, kBegan));
  const auto r = take_log(log, 100, 0, false);
  EXPECT(r.entries.size() == 2 && r.last == 102);
  return {};
}

std::string log_v1__nothing_new__stays_where_it_was() {
  const auto r = take_log(entries(100, 1), 100, 0, false);
  EXPECT(!r.gap && r.last == 100 && r.entries.empty());
  EXPECT(take_log({}, 100, 0, true).last == 100);
  return {};
}

// ---------------------------------------------------------------------------------------------------------- 2.x

Alert one(std::uint64_t gi, const std::string &id, std::uint32_t status, std::uint32_t old = NACLK_ALERT_UNKNOWN) {
  Alert a;
  a.log_id = gi;
  a.alert_id = id;
  a.status = status;
  a.old_status = old;
  a.transition_id = "t" + std::to_string(gi);
  a.when_s = gi / 1'000'000;
  a.value = 5;
  return a;
}

std::string ids(const LogReading &r) {
  std::string out;
  for (const auto &a : r.entries) {
    const auto at = a.log_id < kGi ? "-" : "+";
    const auto n = a.log_id < kGi ? kGi - a.log_id : a.log_id - kGi;
    out += a.alert_id + at + std::to_string(n) + "=" + std::to_string(a.status) + (a.superseded ? "s " : " ");
  }
  return out;
}

std::string merge__both_sources__each_transition_once_in_order() {
  Transitions rest;
  rest.entries = {one(kGi + 2, "x", 5), one(kGi + 4, "y", 6)};
  rest.entries[1].log_id = kGi + 40;  // the same transition under another gi
  DbLog db;
  db.entries = {one(kGi + 1, "x", 4), one(kGi + 2, "x", 5), one(kGi + 4, "y", 6)};
  db.entries[1].event_id = 8;
  db.before = kGi - 1;
  db.last_added = kGi + 4;
  const auto r = merge_log(rest, db, kGi, 0);
  EXPECT_EQ(ids(r), "x+1=4s x+2=5 y+4=6 ");
  EXPECT(!r.gap && r.last == kGi + 4 && r.entries[1].event_id == 8);
  EXPECT_EQ(ids(merge_log(rest, db, kGi, 2)), "x+1=4s x+2=5 ");
  return {};
}

std::string merge__database_page_is_full__nothing_after_it_is_shown_before_its_turn() {
  Transitions rest;
  rest.entries = {one(kGi + 9, "y", 6)};
  rest.cut = true;  // of no interest: the database has them all
  DbLog db;
  db.entries = {one(kGi + 1, "x", 4), one(kGi + 2, "x", 5)};
  db.before = kGi;
  db.last_added = kGi + 9;
  db.more = true;
  const auto r = merge_log(rest, db, kGi, 2);
  EXPECT(r.last == kGi + 2 && r.entries.size() == 2 && !r.gap);
  return {};
}

std::string merge__several_in_one_microsecond__rise_and_stay_on_one_page() {
  DbLog db;
  db.entries = {one(kGi + 1, "w", 5), one(kGi + 2, "x", 4), one(kGi + 2, "y", 5), one(kGi + 2, "y", 5),
                one(kGi + 3, "z", 5)};
  db.before = kGi;
  EXPECT_EQ(ids(merge_log({}, db, kGi, 0)), "w+1=5 x+2=4 y+3=5 z+4=5 ");
  EXPECT_EQ(ids(merge_log({}, db, kGi, 2)), "w+1=5 ");
  EXPECT_EQ(ids(merge_log({}, db, kGi, 3)), "w+1=5 x+2=4 y+3=5 ");
  EXPECT_EQ(ids(merge_log({}, db, kGi + 1, 1)), "x+2=4 ");  // never more than asked for
  return {};
}

std::string merge__log_does_not_reach_back__is_a_gap() {
  DbLog db;
  db.entries = {one(kGi + 1, "x", 4)};
  db.last_added = kGi + 1;
  EXPECT(merge_log({}, db, kGi, 0).gap);         // cleaned, or a new database
  EXPECT(merge_log({}, db, 1795242230, 0).gap);  // an id of the 1.x that was here before
  EXPECT(!merge_log({}, db, 0, 0).gap);
  return {};
}

std::string merge__everything_is_older__is_a_gap_once() {
  DbLog db;
  db.before = kGi - 60'000'000;
  db.last_added = kGi - 60'000'000;
  auto r = merge_log({}, db, kGi, 0);
  EXPECT(r.gap && r.entries.empty() && r.last == kGi - 60'000'000);
  db.before = db.last_added = kGi - 3;  // an id made here
  r = merge_log({}, db, kGi, 0);
  EXPECT(!r.gap && r.last == kGi);
  EXPECT(!merge_log({}, {}, kGi, 0).gap);  // no health log yet
  return {};
}

std::string merge__clock_set_back_and_agent_restarted__is_a_gap() {
  DbLog db;
  db.before = kGi;
  db.last_added = kGi - 10'800'000'000;
  const auto r = merge_log({}, db, kGi, 0);
  EXPECT(r.gap && r.last == kGi);
  return {};
}

std::string memory__alert_vanishes__one_removed_that_stays_the_same() {
  AlertMemory m;
  const std::vector<Alert> both{one(kGi + 1, "x", 6), one(kGi + 5, "y", 4)};
  auto r = m.read({}, both, 0, 0, 1, true, kNow);
  EXPECT_EQ(ids(r), "x+1=6 y+5=4 ");
  EXPECT(!r.gap && r.last == kGi + 5);
  r = m.read({}, {both[1]}, kGi + 5, 0, 1, true, kNow);
  EXPECT_EQ(ids(r), "x+6=2 ");
  const auto gone = r.entries[0];
  EXPECT(gone.old_status == 6 && gone.transition_id.empty() && gone.when_s == kNow && gone.event_id == 0);
  EXPECT(gone.old_value == 5 && gone.value_string == "-" && gone.duration_s > 0 && !r.gap);
  // Asked again, and after something new.
  EXPECT_EQ(ids(m.read({}, {both[1]}, kGi + 5, 0, 1, true, kNow + 9)), "x+6=2 ");
  EXPECT_EQ(ids(m.read({}, {both[1]}, kGi, 0, 1, true, kNow + 9)), "y+5=4 x+6=2 ");
  EXPECT_EQ(ids(m.read({}, {one(kGi + 70, "y", 5)}, kGi + 6, 0, 1, true, kNow + 9)), "y+70=5 ");
  return {};
}

std::string memory__removal_that_the_agent_tells__is_not_made_up() {
  AlertMemory m;
  (void)m.read({}, {one(kGi + 1, "x", 6)}, 0, 0, 1, true, kNow);
  Transitions rest;
  rest.entries = {one(kGi + 9, "x", NACLK_ALERT_REMOVED, 6)};
  EXPECT_EQ(ids(m.read(rest, {}, kGi + 1, 0, 1, true, kNow)), "x+9=2 ");
  EXPECT_EQ(ids(m.read({}, {}, kGi + 9, 0, 1, true, kNow)), "");
  return {};
}

std::string memory__transitions_not_shown__come_from_the_alerts_with_their_old_status() {
  AlertMemory m;
  (void)m.read({}, {one(kGi + 1, "x", 3)}, 0, 0, 1, true, kNow);
  const std::vector<Alert> now{one(kGi + 2, "x", 4)};
  for (int i = 0; i < 2; ++i) {
    const auto r = m.read({}, now, kGi + 1, 0, 1, true, kNow);
    EXPECT(r.entries.size() == 1 && r.entries[0].old_status == 3 && !r.entries[0].transition_id.empty());
  }
  Transitions rest;
  rest.entries = {one(kGi + 2, "x", 4, 5)};
  auto other = rest;  // of the same microsecond
  other.entries[0].alert_id = "y";
  other.entries[0].transition_id = "z";
  EXPECT_EQ(m.read(other, now, kGi + 1, 0, 1, true, kNow).entries.size(), 2U);
  EXPECT_EQ(m.read(rest, now, kGi + 1, 0, 1, true, kNow).entries.size(), 1U);
  return {};
}

std::string memory__first_reading_or_agent_away__is_a_gap() {
  AlertMemory m;
  const std::vector<Alert> x{one(kGi + 1, "x", 6)};
  EXPECT(m.read({}, x, kGi, 0, 1, true, kNow).gap);
  EXPECT(!m.read({}, x, kGi + 1, 0, 1, true, kNow).gap);
  auto r = m.read({}, {}, kGi + 1, 0, 2, true, kNow);
  EXPECT(r.gap && r.entries.empty());
  (void)m.read({}, x, kGi + 1, 0, 2, true, kNow);
  m.forget();
  EXPECT(m.read({}, {}, kGi + 1, 0, 2, true, kNow).gap);
  Transitions cut;
  cut.cut = true;
  EXPECT(m.read(cut, {}, kGi + 1, 0, 2, true, kNow).gap);
  return {};
}

std::string memory__alerts_not_linked_yet__nothing_is_removed() {
  AlertMemory m;
  const std::vector<Alert> x{one(kGi + 1, "x", 6)};
  (void)m.read({}, x, 0, 0, 1, true, kNow);
  EXPECT_EQ(ids(m.read({}, {}, kGi + 1, 0, 1, false, kNow)), "");
  EXPECT_EQ(ids(m.read({}, x, kGi + 1, 0, 1, true, kNow)), "");
  return {};
}

std::string memory__clock_was_set_back__is_a_gap_and_goes_on_below() {
  AlertMemory m;
  const std::vector<Alert> x{one(kGi + 1, "x", 6)};
  (void)m.read({}, x, 0, 0, 1, true, kNow);
  const auto r = m.read({}, x, (kNow + 3600) * 1'000'000, 0, 1, true, kNow);
  EXPECT(r.gap && r.entries.empty() && r.last == kGi + 1);
  return {};
}

std::string complete__alerts__get_what_the_database_has() {
  std::vector<Alert> alerts{one(kGi + 1, "x", 6), one(kGi + 2, "y", 6)};
  auto row = one(kGi + 1, "x", 6, 5);
  row.event_id = 9;
  row.timezone = "CET";
  complete_alerts(alerts, {row});
  EXPECT(alerts[0].event_id == 9 && alerts[0].old_status == 5 && alerts[0].timezone == "CET");
  EXPECT_EQ(alerts[1].event_id, 0U);
  return {};
}

std::string log_v2__database_has_more_than_it_shows__begins_there_and_is_a_gap_for_followers() {
  for (const std::uint64_t after : {std::uint64_t{0}, kGi - 100}) {
    DbLog db;
    db.entries = entries(kGi, 3);
    db.cut = true;
    db.before = after;
    db.last_added = kGi + 2;
    Transitions rest;
    rest.entries = entries(kGi - 50, 1);  // would stand before a hole
    rest.entries[0].alert_id = "b";
    const auto r = merge_log(std::move(rest), std::move(db), after, 0);
    EXPECT(r.entries.size() == 3 && r.entries[0].log_id == kGi && r.last == kGi + 2);
    EXPECT_EQ(r.gap, after != 0);
  }
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(log_v1__entry_after_is_there__continues),
    ACLK_TEST(log_v1__limit__takes_the_oldest),
    ACLK_TEST(log_v1__ids_used_up_by_repeated_notifications__no_gap),
    ACLK_TEST(log_v1__more_than_the_agent_keeps_while_away__is_a_gap),
    ACLK_TEST(log_v1__new_database_with_lower_ids__shows_everything),
    ACLK_TEST(log_v1__new_database_just_above__is_a_gap),
    ACLK_TEST(log_v1__new_database_that_overtook__is_a_gap),
    ACLK_TEST(log_v1__lost_end_written_anew_at_start__is_a_gap),
    ACLK_TEST(log_v1__restart_within_a_second_of_a_raise__continues),
    ACLK_TEST(log_v1__agent_replaced_below_a_living_process__is_seen_by_the_entry),
    ACLK_TEST(log_v1__clock_set_back_or_forth__ids_go_on),
    ACLK_TEST(log_v1__nothing_new__stays_where_it_was),
    ACLK_TEST(merge__both_sources__each_transition_once_in_order),
    ACLK_TEST(merge__database_page_is_full__nothing_after_it_is_shown_before_its_turn),
    ACLK_TEST(merge__several_in_one_microsecond__rise_and_stay_on_one_page),
    ACLK_TEST(merge__log_does_not_reach_back__is_a_gap),
    ACLK_TEST(merge__everything_is_older__is_a_gap_once),
    ACLK_TEST(merge__clock_set_back_and_agent_restarted__is_a_gap),
    ACLK_TEST(memory__alert_vanishes__one_removed_that_stays_the_same),
    ACLK_TEST(memory__removal_that_the_agent_tells__is_not_made_up),
    ACLK_TEST(memory__transitions_not_shown__come_from_the_alerts_with_their_old_status),
    ACLK_TEST(memory__first_reading_or_agent_away__is_a_gap),
    ACLK_TEST(memory__alerts_not_linked_yet__nothing_is_removed),
    ACLK_TEST(memory__clock_was_set_back__is_a_gap_and_goes_on_below),
    ACLK_TEST(complete__alerts__get_what_the_database_has),
    ACLK_TEST(log_v2__database_has_more_than_it_shows__begins_there_and_is_a_gap_for_followers),
};

}  // namespace

int alert_log_tests() { return cmocka_run_group_tests_name("alert_log", tests, nullptr, nullptr); }

}  // namespace aclk::external::test
