// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/poll/change_detector.h"
#include "plugin-api/external/poll/poll_schedule.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_change_detector {
namespace {

using namespace std::chrono_literals;

std::string shown(const Events &events) {
  std::string out;
  for (const auto &e : events) {
    const char *names = "?NICXAMR";  // by number: nodes, node info, collectors, contexts, alerts, claim, resumed
    out += names[e.kind];
    out += e.machine_guid.empty() ? "*" : e.machine_guid == kLocal ? "0" : "1";
  }
  return out;
}

NodeList nodes() { return read_mirrored_hosts(sample_json("v1_info.json"), kLocal); }

std::string change_detector__nodes__any_change_is_told_once() {
  ChangeDetector w;
  auto list = nodes();
  EXPECT_EQ(shown(w.on_nodes(list)), "N*");
  EXPECT_EQ(shown(w.on_nodes(list)), "");
  list.items[1].live = 0;
  EXPECT_EQ(shown(w.on_nodes(list)), "N*A1");  // what it raised just before it left
  list.items[1].hostname = view("renamed");
  EXPECT_EQ(shown(w.on_nodes(list)), "N*");
  list.items[1].hops = 2;
  EXPECT_EQ(shown(w.on_nodes(list)), "N*");
  list.items.pop_back();
  EXPECT_EQ(shown(w.on_nodes(list)), "N*");
  EXPECT_EQ(shown(w.on_nodes(list)), "");
  return {};
}

std::string change_detector__info__first_look_is_silent_then_each_kind_by_itself() {
  ChangeDetector w;
  auto info = sample_json("v1_info.json");
  EXPECT_EQ(shown(w.on_info(kLocal, print_of_info(info))), "");
  EXPECT_EQ(shown(w.on_info(kLocal, print_of_info(info))), "");
  info["alarms"]["warning"] = 7;
  info["charts-count"] = 1;
  info["mirrored_hosts_status"] = nlohmann::json::array();
  EXPECT_EQ(shown(w.on_info(kLocal, print_of_info(info))), "");
  info["host_labels"]["new"] = "x";
  EXPECT_EQ(shown(w.on_info(kLocal, print_of_info(info))), "I0");
  info["version"] = "v1.37.2";
  EXPECT_EQ(shown(w.on_info(kLocal, print_of_info(info))), "I0");
  std::swap(info["collectors"][0], info["collectors"][1]);
  EXPECT_EQ(shown(w.on_info(kLocal, print_of_info(info))), "");
  info["collectors"].erase(0);
  EXPECT_EQ(shown(w.on_info(kLocal, print_of_info(info))), "C0");
  EXPECT_EQ(shown(w.on_info(kChild, print_of_info(info))), "");
  return {};
}

std::string change_detector__the_same_text_of_info__is_known_until_another_or_the_node_goes() {
  ChangeDetector w;
  (void)w.on_nodes(nodes());
  EXPECT(!w.knows_info(kLocal, 7) && !w.knows_info(kLocal, 0));
  (void)w.on_info(kLocal, {1, 1}, 7);
  EXPECT(w.knows_info(kLocal, 7) && !w.knows_info(kLocal, 8) && !w.knows_info("another", 7));
  (void)w.on_info(kLocal, {1, 1});
  EXPECT(!w.knows_info(kLocal, 7) && !w.knows_info(kLocal, 0));
  (void)w.on_info(kLocal, {1, 1}, 9);
  (void)w.on_nodes({});
  EXPECT(!w.knows_info(kLocal, 9));
  return {};
}

std::string change_detector__contexts_and_alert_log__first_look_and_changes_are_told() {
  ChangeDetector w;
  EXPECT_EQ(shown(w.on_contexts(kLocal, 5)), "X0");
  EXPECT_EQ(shown(w.on_contexts(kLocal, 5)), "");
  EXPECT_EQ(shown(w.on_contexts(kChild, 5)), "X1");
  EXPECT_EQ(shown(w.on_contexts(kLocal, 6)), "X0");
  EXPECT_EQ(shown(w.on_alert_log(kLocal, 100)), "A0");
  EXPECT_EQ(shown(w.on_alert_log(kLocal, 100)), "");
  EXPECT_EQ(shown(w.on_alert_log(kLocal, 101)), "A0");
  EXPECT_EQ(shown(w.on_alert_log(kLocal, 7)), "A0");  // a new database
  return {};
}

std::string versions__with_or_without_the_object_around_them__are_read() {
  const auto v = read_versions(sample_json("v143_versions.json"));
  EXPECT_EQ(v.nodes, 1U);
  EXPECT_EQ(v.contexts, 295U);
  EXPECT_EQ(v.contexts_soft, 493U);
  EXPECT(read_versions(nlohmann::json{{"nodes_hard_hash", 2}}).nodes == 2);
  auto changed = sample_json("v143_versions.json");
  for (const auto *part : {"alerts_hard_hash", "alerts_soft_hash"}) {
    changed["versions"][part] = 1000;
    EXPECT(read_versions(changed).alerts != v.alerts);
  }
  return {};
}

std::string change_detector__agent_returns__everything_may_have_changed() {
  ChangeDetector w;
  (void)w.on_nodes(nodes());
  EXPECT_EQ(shown(w.on_return()), "N*X0X1A0A1");
  return {};
}

std::string change_detector__node_gone_and_back__is_looked_at_anew() {
  ChangeDetector w;
  auto list = nodes();
  (void)w.on_nodes(list);
  (void)w.on_contexts(kChild, 5);
  const auto child = list.items.back();
  list.items.pop_back();
  (void)w.on_nodes(list);
  list.items.push_back(child);
  (void)w.on_nodes(list);
  EXPECT_EQ(shown(w.on_contexts(kChild, 5)), "X1");
  return {};
}

std::string poll_schedule__each_subject__has_its_interval() {
  PollSchedule p({});
  const PollSchedule::Time t0{1h};
  for (const auto s : kSubjects) EXPECT(p.due(s, t0));
  for (const auto s : kSubjects) p.done(s, t0, Look::changed);
  EXPECT(p.next() == t0 + 1s);
  EXPECT(!p.due(Subject::alerts, t0 + 999ms) && p.due(Subject::alerts, t0 + 1s));
  EXPECT(!p.due(Subject::nodes, t0 + 4s) && p.due(Subject::nodes, t0 + 5s));
  EXPECT(!p.due(Subject::contexts, t0 + 9s) && p.due(Subject::contexts, t0 + 10s));
  p.make_due(Subject::contexts);
  EXPECT(p.due(Subject::contexts, t0));
  return {};
}

std::string poll_schedule__nothing_changes__slows_down_to_a_third_but_not_alerts() {
  PollSchedule p({});
  const PollSchedule::Time t0{1h};
  for (int i = 0; i < 100; ++i)
    for (const auto s : kSubjects) p.done(s, t0, Look::same);
  EXPECT(p.due(Subject::alerts, t0 + 1s));
  EXPECT(!p.due(Subject::nodes, t0 + 14s) && p.due(Subject::nodes, t0 + 15s));
  EXPECT(!p.due(Subject::contexts, t0 + 29s) && p.due(Subject::contexts, t0 + 30s));
  p.done(Subject::nodes, t0, Look::changed);
  EXPECT(p.due(Subject::nodes, t0 + 5s));
  return {};
}

std::string poll_schedule__nobody_listens__looks_seldom_and_at_once_when_somebody_does() {
  PollSchedule p({});
  const PollSchedule::Time t0{1h};
  for (const auto s : kSubjects) p.listened_to(s, false);
  for (const auto s : kSubjects) p.done(s, t0, Look::changed);
  EXPECT(!p.due(Subject::alerts, t0 + 999ms) && p.due(Subject::alerts, t0 + 1s));
  EXPECT(!p.due(Subject::nodes, t0 + 14s) && p.due(Subject::nodes, t0 + 15s));
  EXPECT(!p.due(Subject::contexts, t0 + 59s) && p.due(Subject::contexts, t0 + 60s));
  p.listened_to(Subject::alerts, true);
  EXPECT(p.due(Subject::alerts, t0) && !p.due(Subject::contexts, t0));
  p.done(Subject::alerts, t0, Look::same);
  p.listened_to(Subject::alerts, true);  // is no news
  EXPECT(!p.due(Subject::alerts, t0) && p.due(Subject::alerts, t0 + 1s));
  return {};
}

std::string poll_schedule__many_children__are_looked_at_in_turn() {
  NodeList nodes;
  for (int i = 0; i < 6; ++i) {
    auto &n = nodes.add();
    n.machine_guid = nodes.texts.keep(std::to_string(i));
    n.local = i == 0;
    n.live = i != 3;
  }
  const auto &list = nodes.items;
  PollSchedule p({});
  const auto joined = [](const std::vector<std::string> &v) {
    std::string s;
    for (const auto &x : v) s += x;
    return s;
  };
  EXPECT_EQ(joined(p.pick_for_alerts(list, 2)), "012");
  EXPECT_EQ(joined(p.pick_for_alerts(list, 2)), "045");
  EXPECT_EQ(joined(p.pick_for_alerts(list, 2)), "012");
  EXPECT_EQ(joined(p.pick_children(Subject::child_facts, list)), "1234");
  EXPECT_EQ(joined(p.pick_children(Subject::child_facts, list)), "5123");
  EXPECT_EQ(joined(p.pick_children(Subject::child_contexts, list)), "12345");
  EXPECT_EQ(joined(p.pick_children(Subject::child_contexts, {})), "");
  return {};
}

std::string poll_schedule__alerts_of_children__each_within_two_rounds() {
  const auto rounds = [](std::size_t children) {
    NodeList nodes;
    for (std::size_t i = 0; i <= children; ++i) {
      auto &n = nodes.add();
      n.machine_guid = nodes.texts.keep(std::to_string(i));
      n.local = i == 0;
      n.live = 1;
    }
    const auto &list = nodes.items;
    PollSchedule p({});
    std::set<std::string> seen;
    unsigned n = 0;
    for (; seen.size() < list.size(); ++n)
      for (auto &guid : p.pick_for_alerts(list, alert_budget(list))) seen.insert(std::move(guid));
    return n;
  };
  EXPECT_EQ(rounds(1), 1U);
  EXPECT_EQ(rounds(60), 1U);
  EXPECT_EQ(rounds(64), 1U);
  EXPECT_EQ(rounds(65), 2U);
  EXPECT_EQ(rounds(1023), 2U);
  EXPECT_EQ(rounds(1025), 3U);
  return {};
}

// How long until each of so many children was looked at, and the most looks in a second.
std::pair<PollSchedule::Time::duration, std::size_t> round_of(Subject subject, std::size_t children, bool quiet) {
  NodeList nodes;
  for (std::size_t i = 0; i <= children; ++i) {
    auto &n = nodes.add();
    n.machine_guid = nodes.texts.keep(std::to_string(i));
    n.local = i == 0;
  }
  PollSchedule p({});
  const PollSchedule::Time t0{1h};
  for (int i = 0; quiet && i < 100; ++i) p.done(subject, t0, Look::same, children);
  std::set<std::string> seen;
  std::size_t most = 0;
  auto now = t0;
  for (;;) {
    const auto some = p.pick_children(subject, nodes.items);
    most = std::max(most, some.size());
    seen.insert(some.begin(), some.end());
    if (seen.size() >= children) return {now - t0, most};
    p.done(subject, now, quiet ? Look::same : Look::changed, children);
    for (auto next = now; !p.due(subject, now); now = next += 100ms) continue;
  }
}

std::string poll_schedule__however_many_children__each_is_looked_at_within_30_seconds_a_few_at_a_time() {
  for (const auto subject : {Subject::child_facts, Subject::child_contexts})
    for (const bool quiet : {false, true})
      for (const std::size_t children : {1U, 4U, 5U, 8U, 9U, 30U, 100U, 300U, 960U}) {
        const auto [took, most] = round_of(subject, children, quiet);
        EXPECT(took <= 30s);
        EXPECT(most <= std::max<std::size_t>(8, (children + 24) / 25));
      }
  EXPECT(round_of(Subject::child_contexts, 3000, false).first <= 100s);  // no more than 32 a second
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(change_detector__nodes__any_change_is_told_once),
    ACLK_TEST(change_detector__info__first_look_is_silent_then_each_kind_by_itself),
    ACLK_TEST(change_detector__the_same_text_of_info__is_known_until_another_or_the_node_goes),
    ACLK_TEST(change_detector__contexts_and_alert_log__first_look_and_changes_are_told),
    ACLK_TEST(versions__with_or_without_the_object_around_them__are_read),
    ACLK_TEST(change_detector__agent_returns__everything_may_have_changed),
    ACLK_TEST(change_detector__node_gone_and_back__is_looked_at_anew),
    ACLK_TEST(poll_schedule__each_subject__has_its_interval),
    ACLK_TEST(poll_schedule__nothing_changes__slows_down_to_a_third_but_not_alerts),
    ACLK_TEST(poll_schedule__nobody_listens__looks_seldom_and_at_once_when_somebody_does),
    ACLK_TEST(poll_schedule__however_many_children__each_is_looked_at_within_30_seconds_a_few_at_a_time),
    ACLK_TEST(poll_schedule__many_children__are_looked_at_in_turn),
    ACLK_TEST(poll_schedule__alerts_of_children__each_within_two_rounds),
};

}  // namespace
}  // namespace test_change_detector

int change_detector_tests() {
  return cmocka_run_group_tests_name("watch", test_change_detector::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
