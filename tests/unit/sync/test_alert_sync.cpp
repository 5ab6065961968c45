// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <deque>

#include "aclk/host/readings.h"
#include "aclk/sync/alerts/alert_sync.h"
#include "claim/base/uuid.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/sync/tests.h"

namespace test_alert_sync {
using namespace aclk;
using namespace aclk::sync;
using namespace std::chrono_literals;
using mqtt::Delivery;
using proto::AlarmStatus;

namespace {

const std::string kGuid = "11111111-2222-3333-4444-555555555555";
constexpr std::int64_t kStart = 1'700'000'000;

ClockPair at(std::chrono::milliseconds t) { return {loop::Instant(1h) + t, (kStart * 1000 + t.count()) * 1000}; }

naclk_str str(const std::string &s) { return {s.data(), s.size()}; }

// As a host tells it. `name` must live as long.
naclk_alert told(std::uint64_t log_id, const std::string &name, AlarmStatus from, AlarmStatus to, std::int64_t when) {
  naclk_alert a{};
  a.size = sizeof a;
  a.log_id = log_id;
  a.alert_id = str(name);
  a.name = str(name);
  a.old_status = static_cast<std::uint32_t>(from);
  a.status = static_cast<std::uint32_t>(to);
  a.when_s = static_cast<std::uint64_t>(kStart + when);
  return a;
}

proto::Alert alert(std::uint64_t log_id, const std::string &name, AlarmStatus from, AlarmStatus to, std::int64_t when) {
  return host::alert_of(told(log_id, name, from, to, when), kGuid);
}

proto::Alert variable(std::uint64_t log_id, const std::string &name, AlarmStatus from, AlarmStatus to,
                      std::int64_t when) {
  auto a = told(log_id, name, from, to, when);
  a.variable = 1;
  return host::alert_of(a, kGuid);
}

// What it did, as words: "log 0; alerts; send a 5; snapshot 2; ".
struct Watched {
  explicit Watched(StoredAlerts stored = {}) : sync(kGuid, std::move(stored), at(0ms)) {}
  AlertSync sync;
  std::deque<std::uint64_t> tickets;
  std::string last_id;
  std::string done;

  std::string did() {
    note();
    return std::exchange(done, {});
  }
  void note() {
    auto &out = done;
    for (const auto &a : sync.take_actions()) {
      if (const auto *r = std::get_if<ReadAlertLog>(&a)) out += fmt::format("log {}; ", r->after);
      if (std::holds_alternative<ReadAlerts>(a)) out += "alerts; ";
      if (std::holds_alternative<ReadStoredAlerts>(a)) out += "stored; ";
      if (const auto *s = std::get_if<SendSnapshot>(&a)) {
        out += fmt::format("snapshot {}; ", s->entries.size());
        tickets.push_back(s->ticket);
      }
      if (const auto *t = std::get_if<SendTransition>(&a)) {
        const auto e = proto::decode_alarm_log_entry(t->entry);
        out += fmt::format("send {} {}; ", e->name, static_cast<int>(e->status));
        last_id = e->transition_id;
        tickets.push_back(t->ticket);
      }
    }
  }
  void answer(Delivery how, ClockPair now) {
    const auto t = tickets.front();
    tickets.pop_front();
    sync.delivered(t, how, now);
  }
  // The log up to `last`; the reading that finds nothing new after it is answered and not spoken of.
  void log(std::vector<proto::Alert> entries, std::uint64_t last, ClockPair now, bool gap = false) {
    sync.log({std::move(entries), last, gap}, now);
    note();
    const auto again = fmt::format("log {}; ", last);
    const auto at = done.rfind(again);
    if (at == std::string::npos) return;
    done.erase(at, again.size());
    sync.log({{}, last, false}, now);
  }
};

// One that is online, streams, and agrees with the cloud on alert a being clear.
Watched streaming() {
  Watched w;
  w.sync.online(at(0ms));
  w.log({}, 100, at(0ms));
  w.sync.alerts({alert(100, "a", AlarmStatus::unknown, AlarmStatus::clear, -50)}, at(0ms));
  w.sync.start_streaming(kStart - 50, at(0ms));
  (void)w.did();
  return w;
}

std::string rules__delays__are_those_of_the_protocol() {
  using S = AlarmStatus;
  constexpr S kAll[] = {S::unknown, S::removed, S::not_a_number, S::clear, S::warning, S::critical};
  std::string table;
  for (const auto from : kAll) {
    for (const auto to : kAll) table += fmt::format("{} ", tell_after(from, to).count());
    table += "| ";
  }
  EXPECT_EQ(table,
            "600 600 600 10 0 0 | "
            "600 0 0 10 0 0 | "
            "600 600 600 10 0 0 | "
            "600 600 600 0 0 0 | "
            "600 10 600 10 0 0 | "
            "600 10 600 10 0 0 | ");
  return {};
}

std::string rules__transition_id__is_the_hosts_or_the_same_for_ever() {
  const std::string name = "a";
  auto a = told(7, name, AlarmStatus::clear, AlarmStatus::warning, 5);
  const auto id_of = [](const naclk_alert &told, const std::string &guid) {
    return proto::decode_alarm_log_entry(host::alert_of(told, guid).entry)->transition_id;
  };
  const auto id = id_of(a, kGuid);
  EXPECT(parse_uuid(id).has_value());
  EXPECT_EQ(id, id_of(a, kGuid));
  a.log_id = 8;
  EXPECT(id != id_of(a, kGuid));
  EXPECT(id != id_of(a, "22222222-2222-3333-4444-555555555555"));
  const std::string own = "33333333-2222-3333-4444-555555555555";
  a.transition_id = str(own);
  const auto e =
      *proto::decode_alarm_log_entry(proto::alert_identity("node", "claim") + host::alert_of(a, kGuid).entry);
  EXPECT_EQ(e.transition_id, own);
  EXPECT_EQ(e.claim_id + e.node_id, "claimnode");
  EXPECT_EQ(e.alert_version, e.when);
  return {};
}

std::string alerts__first_look__is_compared_and_told_by_a_snapshot() {
  Watched w;
  w.sync.online(at(0ms));
  EXPECT_EQ(w.did(), "log 0; ");
  w.sync.start_streaming(0, at(0ms));  // too early: remembered
  EXPECT_EQ(w.did(), "");
  w.log({alert(1, "a", AlarmStatus::unknown, AlarmStatus::critical, -9)}, 1, at(0ms));
  EXPECT_EQ(w.did(), "alerts; ");
  const auto now_is = alert(1, "a", AlarmStatus::unknown, AlarmStatus::critical, -9);
  w.sync.alerts({now_is, alert(2, "gone", AlarmStatus::clear, AlarmStatus::removed, -9)}, at(0ms));
  EXPECT_EQ(w.did(), "alerts; ");
  w.sync.alerts({now_is}, at(1s));
  EXPECT_EQ(w.did(), "snapshot 1; ");
  w.answer(Delivery::acked, at(2s));
  EXPECT_EQ(w.sync.version(), static_cast<std::uint64_t>(kStart - 9));
  EXPECT_EQ(w.sync.view().snapshots, 1U);
  EXPECT_EQ(w.did(), "");
  return {};
}

std::string alerts__short_page__is_not_taken_for_the_end_of_the_log() {
  auto w = streaming();
  w.sync.log_changed(at(1s));
  EXPECT_EQ(w.did(), "log 100; ");
  std::vector<proto::Alert> page;
  for (std::uint64_t i = 0; i < 999; ++i)
    page.push_back(variable(101 + i, "v", AlarmStatus::clear, AlarmStatus::warning, 1));
  w.sync.log({page, 1100, false}, at(1s));
  EXPECT_EQ(w.did(), "log 1100; ");
  w.sync.log({{}, 1200, false}, at(1s));  // rows that the host could not show
  EXPECT_EQ(w.did(), "log 1200; ");
  w.sync.log({{alert(1201, "a", AlarmStatus::clear, AlarmStatus::warning, 1)}, 1201, false}, at(1s));
  EXPECT_EQ(w.did(), "send a 5; log 1201; ");
  w.sync.log({{}, 1201, false}, at(1s));
  EXPECT_EQ(w.did(), "");  // that was all
  w.answer(Delivery::acked, at(1s));
  EXPECT(!w.sync.next_due());
  // Ids that begin anew are followed down, an empty log once only.
  w.sync.log_changed(at(2s));
  EXPECT_EQ(w.did(), "log 1201; ");
  w.sync.log({{}, 0, true}, at(2s));
  EXPECT_EQ(w.did(), "alerts; ");
  return {};
}

std::string alerts__first_look_at_a_log_in_parts__ends_at_its_end() {
  Watched w;
  w.sync.online(at(0ms));
  EXPECT_EQ(w.did(), "log 0; ");
  w.sync.log({{alert(1, "a", AlarmStatus::unknown, AlarmStatus::critical, -9)}, 1, false}, at(0ms));
  EXPECT_EQ(w.did(), "log 1; ");
  w.sync.log({{alert(2, "a", AlarmStatus::critical, AlarmStatus::clear, -8)}, 2, false}, at(0ms));
  EXPECT_EQ(w.did(), "log 2; ");
  w.sync.log({{}, 2, false}, at(0ms));
  EXPECT_EQ(w.did(), "alerts; ");
  w.sync.alerts({alert(2, "a", AlarmStatus::critical, AlarmStatus::clear, -8)}, at(0ms));
  w.sync.start_streaming(kStart - 8, at(1s));
  w.sync.tick(at(99s));
  EXPECT_EQ(w.did(), "");  // what was there before is no news
  return {};
}

std::string alerts__alert_that_is_gone_and_told__leaves_nothing_behind() {
  auto w = streaming();
  w.log({alert(101, "b", AlarmStatus::removed, AlarmStatus::warning, 1)}, 101, at(1s));
  EXPECT_EQ(w.did(), "send b 5; ");
  w.answer(Delivery::acked, at(1s));
  EXPECT_EQ(w.sync.view().remembered, 2U);
  w.log({alert(102, "b", AlarmStatus::warning, AlarmStatus::removed, 50)}, 102, at(50s));
  w.sync.tick(at(60s));
  EXPECT_EQ(w.did(), "send b 2; ");
  w.answer(Delivery::acked, at(60s));
  EXPECT_EQ(w.sync.view().remembered, 1U);
  // One that came and went, and nobody was told of.
  w.log({alert(103, "c", AlarmStatus::removed, AlarmStatus::clear, 61)}, 103, at(61s));
  EXPECT_EQ(w.sync.view().remembered, 2U);
  w.log({alert(104, "c", AlarmStatus::clear, AlarmStatus::removed, 62)}, 104, at(62s));
  w.sync.tick(at(900s));
  EXPECT_EQ(w.did(), "");
  EXPECT_EQ(w.sync.view().remembered, 1U);
  // A snapshot without one that the cloud had.
  w.sync.checkpoint(5, at(901s));
  EXPECT_EQ(w.did(), "alerts; ");
  w.sync.alerts({}, at(901s));
  EXPECT_EQ(w.did(), "snapshot 0; ");
  w.answer(Delivery::acked, at(902s));
  EXPECT_EQ(w.sync.view().remembered, 0U);
  return {};
}

std::string alerts__raise__goes_at_once_and_counts_when_acknowledged() {
  auto w = streaming();
  w.sync.log_changed(at(1s));
  EXPECT_EQ(w.did(), "log 100; ");
  w.log({alert(101, "a", AlarmStatus::clear, AlarmStatus::warning, 1)}, 101, at(1s));
  EXPECT_EQ(w.did(), "send a 5; ");
  EXPECT_EQ(w.sync.version(), static_cast<std::uint64_t>(kStart - 50));
  w.answer(Delivery::acked, at(2s));
  EXPECT_EQ(w.sync.version(), static_cast<std::uint64_t>(kStart + 1));
  return {};
}

std::string alerts__clear__waits_ten_seconds_and_a_blip_is_never_told() {
  auto w = streaming();
  w.log({alert(101, "a", AlarmStatus::clear, AlarmStatus::critical, 0)}, 101, at(0ms));
  EXPECT_EQ(w.did(), "send a 6; ");
  w.answer(Delivery::acked, at(0ms));
  w.log({alert(102, "a", AlarmStatus::critical, AlarmStatus::clear, 5)}, 102, at(5s));
  w.sync.tick(at(14'999ms));
  EXPECT_EQ(w.did(), "");
  EXPECT(*w.sync.next_due() == at(15s).at);
  w.sync.tick(at(15s));
  EXPECT_EQ(w.did(), "send a 4; ");
  w.answer(Delivery::acked, at(15s));
  w.log({alert(103, "a", AlarmStatus::clear, AlarmStatus::warning, 20)}, 103, at(20s));
  EXPECT_EQ(w.did(), "send a 5; ");
  w.answer(Delivery::acked, at(20s));
  w.log({alert(104, "a", AlarmStatus::warning, AlarmStatus::clear, 21),
         alert(105, "a", AlarmStatus::clear, AlarmStatus::warning, 23)},
        105, at(23s));
  w.sync.tick(at(60s));
  EXPECT_EQ(w.did(), "");
  EXPECT(!w.sync.next_due());
  return {};
}

std::string alerts__cut_before_the_puback__is_sent_again_with_its_id_and_before_newer_ones() {
  auto w = streaming();
  w.log({alert(101, "a", AlarmStatus::clear, AlarmStatus::warning, 1)}, 101, at(1s));
  EXPECT_EQ(w.did(), "send a 5; ");
  const auto id = w.last_id;
  w.answer(Delivery::lost, at(2s));
  w.sync.offline();
  w.log({alert(102, "a", AlarmStatus::warning, AlarmStatus::critical, 3)}, 102, at(3s));
  EXPECT_EQ(w.did(), "");
  w.sync.online(at(4s));
  w.sync.tick(at(5s));
  EXPECT_EQ(w.did(), "");  // the cloud has not said what it has
  w.sync.start_streaming(kStart - 50, at(6s));
  EXPECT_EQ(w.did(), "send a 5; ");
  EXPECT_EQ(w.last_id, id);
  w.answer(Delivery::acked, at(6s));
  EXPECT_EQ(w.did(), "send a 6; ");
  return {};
}

std::string alerts__cloud_has_what_was_not_acknowledged__it_is_not_sent_again() {
  auto w = streaming();
  w.log({alert(101, "a", AlarmStatus::clear, AlarmStatus::warning, 1)}, 101, at(1s));
  (void)w.did();
  w.answer(Delivery::lost, at(2s));
  w.sync.offline();
  w.sync.online(at(4s));
  w.sync.start_streaming(kStart + 1, at(6s));
  EXPECT_EQ(w.did(), "");
  EXPECT_EQ(w.sync.version(), static_cast<std::uint64_t>(kStart + 1));
  return {};
}

std::string alerts__silent_cloud__sending_goes_on_after_15_s() {
  auto w = streaming();
  w.sync.offline();
  w.sync.online(at(4s));
  w.log({alert(101, "a", AlarmStatus::clear, AlarmStatus::warning, 5)}, 101, at(5s));
  EXPECT_EQ(w.did(), "");
  EXPECT(*w.sync.next_due() == at(19s).at);
  w.sync.tick(at(19s));
  EXPECT_EQ(w.did(), "send a 5; ");
  return {};
}

std::string alerts__restart__keeps_the_queue_until_the_cloud_asks() {
  auto before = streaming();
  before.log({alert(101, "a", AlarmStatus::clear, AlarmStatus::warning, 1)}, 101, at(1s));
  StoredAlerts stored;
  for (const auto &c : before.sync.take_changes()) {
    if (const auto *l = std::get_if<PutAlertLog>(&c)) stored.log = l->log;
    if (const auto *a = std::get_if<PutAlert>(&c)) stored.alerts = {a->alert};
    if (const auto *t = std::get_if<PutTransition>(&c)) stored.transitions = {t->transition};
  }
  EXPECT(stored.log && stored.log->streaming);
  EXPECT(stored.transitions.size() == 1 && stored.transitions[0].slot == Slot::sent);
  stored.transitions[0].alert.when_s = 0;  // as the store gives it
  stored.transitions[0].alert.status = AlarmStatus::null;
  stored.transitions.push_back(stored.transitions[0]);
  stored.transitions[1].alert.alert_id = "damaged";
  stored.transitions[1].alert.entry = "\xff";
  Watched w(stored);
  w.sync.online(at(60s));
  w.sync.tick(at(100s));
  EXPECT_EQ(w.did(), "log 101; ");
  w.log({}, 101, at(100s));
  w.sync.start_streaming(kStart - 50, at(101s));
  EXPECT_EQ(w.did(), "send a 5; ");
  return {};
}

// A disk that was full: the store is older than what was told.
std::string alerts__cloud_has_something_else_than_the_books__only_the_snapshot_is_sent() {
  auto before = streaming();
  before.log({alert(101, "a", AlarmStatus::clear, AlarmStatus::warning, 1)}, 101, at(1s));
  StoredAlerts stored;
  for (const auto &c : before.sync.take_changes()) {
    if (const auto *l = std::get_if<PutAlertLog>(&c)) stored.log = l->log;
    if (const auto *a = std::get_if<PutAlert>(&c)) stored.alerts = {a->alert};
    if (const auto *t = std::get_if<PutTransition>(&c)) stored.transitions = {t->transition};
  }
  for (const bool resync : {false, true}) {
    stored.log->resync = resync;
    Watched w(stored);
    w.sync.online(at(60s));
    w.sync.tick(at(100s));
    (void)w.did();
    w.log({}, 101, at(100s));
    w.sync.start_streaming(kStart + 7, at(101s));  // "a" was told as cleared since then
    EXPECT_EQ(w.did(), "alerts; ");
    w.sync.alerts({alert(103, "a", AlarmStatus::warning, AlarmStatus::clear, 7)}, at(101s));
    EXPECT_EQ(w.did(), "snapshot 1; ");
    w.answer(Delivery::acked, at(101s));
    EXPECT_EQ(w.sync.version(), static_cast<std::uint64_t>(kStart + 7));
    w.sync.tick(at(200s));
    EXPECT_EQ(w.did(), "");
  }
  return {};
}

std::string alerts__gap_in_the_log__leads_to_a_snapshot() {
  auto w = streaming();
  w.log({alert(900, "a", AlarmStatus::clear, AlarmStatus::warning, 1)}, 900, at(1s), true);
  EXPECT_EQ(w.did(), "alerts; ");
  w.sync.alerts({}, at(40s));  // long after the start: there really are none
  EXPECT_EQ(w.did(), "snapshot 0; ");
  w.answer(Delivery::acked, at(40s));
  EXPECT_EQ(w.sync.version(), 0U);
  return {};
}

std::string alerts__empty_list_of_a_starting_agent__is_asked_again() {
  auto w = streaming();
  w.sync.checkpoint(5, at(1s));
  EXPECT_EQ(w.did(), "alerts; ");
  w.sync.alerts({}, at(2s));
  EXPECT_EQ(w.did(), "");
  w.sync.tick(at(7s));
  EXPECT_EQ(w.did(), "alerts; ");
  return {};
}

std::string alerts__node_that_is_gone__is_told_from_the_store() {
  auto w = streaming();
  w.sync.checkpoint(5, at(1s));
  EXPECT_EQ(w.did(), "alerts; ");
  w.sync.alerts_failed(AlertSync::ReadFailure::node_unknown, at(1s));
  EXPECT_EQ(w.did(), "stored; ");
  auto damaged = alert(1, "b", AlarmStatus::clear, AlarmStatus::clear, 0);
  damaged.entry = "\xff";
  w.sync.stored_alerts({alert(1, "a", AlarmStatus::clear, AlarmStatus::clear, 0), damaged}, at(1s));
  EXPECT_EQ(w.did(), "snapshot 1; ");
  return {};
}

std::string alerts__version_1__is_not_compared_and_not_counted() {
  auto w = streaming();
  w.sync.checkpoint(1, at(1s));
  EXPECT_EQ(w.did(), "");
  EXPECT_EQ(w.sync.view().checkpoints, 1U);  // that of streaming()
  const auto c = w.sync.take_comparisons();
  EXPECT(c.size() == 2 && c[1].outcome == Comparison::Outcome::skipped);
  return {};
}

std::string alerts__burst__is_fifty_a_second_and_variables_never() {
  auto w = streaming();
  std::vector<proto::Alert> many;
  for (std::uint64_t i = 0; i < 120; ++i)
    many.push_back(alert(200 + i, fmt::format("b{}", i), AlarmStatus::clear, AlarmStatus::warning, 1));
  many.push_back(variable(400, "v", AlarmStatus::clear, AlarmStatus::warning, 1));
  w.log(many, 400, at(1s));
  (void)w.did();
  EXPECT_EQ(w.tickets.size(), 50U);
  w.sync.tick(at(1500ms));
  EXPECT_EQ(w.did(), "");
  EXPECT(*w.sync.next_due() == at(2s).at);
  w.sync.tick(at(2s));
  (void)w.did();
  w.sync.tick(at(3s));
  (void)w.did();
  EXPECT_EQ(w.tickets.size(), 120U);
  return {};
}

std::string alerts__refused__waits_a_minute_and_does_not_hold_others() {
  auto w = streaming();
  w.log({alert(101, "a", AlarmStatus::clear, AlarmStatus::warning, 1)}, 101, at(1s));
  EXPECT_EQ(w.did(), "send a 5; ");
  w.answer(Delivery::refused, at(1s));
  w.log({alert(102, "b", AlarmStatus::clear, AlarmStatus::warning, 2)}, 102, at(2s));
  EXPECT_EQ(w.did(), "send b 5; ");
  w.answer(Delivery::acked, at(2s));
  EXPECT(*w.sync.next_due() == at(61s).at);
  w.sync.tick(at(61s));
  EXPECT_EQ(w.did(), "send a 5; ");
  return {};
}

std::string alerts__refused_and_the_clock_set_back__does_not_wait_for_the_old_time() {
  auto w = streaming();
  w.log({alert(101, "a", AlarmStatus::clear, AlarmStatus::warning, 1)}, 101, at(1s));
  EXPECT_EQ(w.did(), "send a 5; ");
  w.answer(Delivery::refused, at(1s));
  EXPECT_EQ(w.did(), "");
  auto now = at(2s);
  now.wall_us -= 3'600'000'000;
  w.sync.tick(now);
  EXPECT_EQ(w.did(), "send a 5; ");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(rules__delays__are_those_of_the_protocol),
    ACLK_TEST(rules__transition_id__is_the_hosts_or_the_same_for_ever),
    ACLK_TEST(alerts__first_look__is_compared_and_told_by_a_snapshot),
    ACLK_TEST(alerts__short_page__is_not_taken_for_the_end_of_the_log),
    ACLK_TEST(alerts__first_look_at_a_log_in_parts__ends_at_its_end),
    ACLK_TEST(alerts__alert_that_is_gone_and_told__leaves_nothing_behind),
    ACLK_TEST(alerts__refused_and_the_clock_set_back__does_not_wait_for_the_old_time),
    ACLK_TEST(alerts__raise__goes_at_once_and_counts_when_acknowledged),
    ACLK_TEST(alerts__clear__waits_ten_seconds_and_a_blip_is_never_told),
    ACLK_TEST(alerts__cut_before_the_puback__is_sent_again_with_its_id_and_before_newer_ones),
    ACLK_TEST(alerts__cloud_has_what_was_not_acknowledged__it_is_not_sent_again),
    ACLK_TEST(alerts__silent_cloud__sending_goes_on_after_15_s),
    ACLK_TEST(alerts__restart__keeps_the_queue_until_the_cloud_asks),
    ACLK_TEST(alerts__cloud_has_something_else_than_the_books__only_the_snapshot_is_sent),
    ACLK_TEST(alerts__gap_in_the_log__leads_to_a_snapshot),
    ACLK_TEST(alerts__empty_list_of_a_starting_agent__is_asked_again),
    ACLK_TEST(alerts__node_that_is_gone__is_told_from_the_store),
    ACLK_TEST(alerts__version_1__is_not_compared_and_not_counted),
    ACLK_TEST(alerts__burst__is_fifty_a_second_and_variables_never),
    ACLK_TEST(alerts__refused__waits_a_minute_and_does_not_hold_others),
};

}  // namespace
}  // namespace test_alert_sync

int run_alert_sync_tests() { return cmocka_run_group_tests_name("alerts", test_alert_sync::tests, nullptr, nullptr); }
