// SPDX-License-Identifier: GPL-3.0-or-later
//
// An agent of 1.38 to 1.47, built without a link of its own, by the recorded answers of 1.43.2; and one of 1.33.
#include <cerrno>

#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/poll/versions_gate.h"
#include "tests/sockets/external/hook_bench.h"
#include "tests/sockets/external/suites.h"

namespace aclk::external::test {
namespace test_agents_1_43 {
namespace {

using namespace std::chrono_literals;

constexpr const char *kNode = "88e01566-3fd8-467d-8830-c621a5cef896";
constexpr const char *kBarHash = "2a8512e2-2854-213d-39fb-bbe695bd775d";

FakeAgent::Handler agent_1_43(bool old_definition = false) {
  auto alarms = sample("v143_alarms_all.json");
  if (old_definition) alarms.replace(alarms.find(kBarHash), 8, "99999999");
  // This agent is asked with the machine GUID of the bench.
  auto info = sample("v143_info.json");
  for (auto at = info.find(kNode); at != std::string::npos; at = info.find(kNode)) info.replace(at, 36, kLocal);
  return serve_documents({{"/api/v1/info", info},
                          {"/api/v1/contexts", sample("v143_contexts.json")},
                          {"/api/v1/charts", sample("v1_charts.json")},
                          {"/api/v1/alarms", alarms},
                          {"/api/v1/alarm_log", sample("v143_alarm_log.json")},
                          {"/api/v2/versions", sample("v143_versions.json")}});
}

// As "ID TRANSITION CONFIG STATUS".
int take_transition(void *ctx, const naclk_alert *a) {
  static_cast<Lines *>(ctx)->push_back(std::to_string(a->log_id) + " " + str(a->transition_id) + " " +
                                       str(a->config_hash) + " " + std::to_string(a->status));
  return 0;
}

std::string agent_1_43__transitions__have_the_agents_own_ids_and_hashes() {
  Bench b(agent_1_43());
  Lines lines;
  naclk_alert_log_end end{};
  end.size = sizeof end;
  EXPECT_EQ(b.table.alert_log(b.table.host, view(kLocal), 0, 0, take_transition, &lines, &end), 0);
  EXPECT_EQ(lines.size(), 7U);
  EXPECT_EQ(lines.back(), std::string("1795735759 2c3647b0-c44c-4984-95f5-23f5d0b3e72f ") + kBarHash + " " +
                              std::to_string(NACLK_ALERT_CLEAR));
  EXPECT_EQ(end.last_log_id, 1795735759U);
  // Each once, in the order of the log, whose ids are times that run ahead of the clock.
  for (std::size_t i = 1; i < lines.size(); ++i) EXPECT(lines[i - 1] < lines[i]);
  lines.clear();
  EXPECT_EQ(b.table.active_alerts(b.table.host, view(kLocal), take_transition, &lines), 0);
  EXPECT_EQ(lines.size(), 2U);
  for (const auto &l : lines) EXPECT(l.find("  ") == std::string::npos);  // an id in each
  return {};
}

std::string agent_1_43__definition_edited_since__keeps_the_hash_of_its_transitions() {
  Bench b(agent_1_43(true));
  Lines lines;
  naclk_alert_log_end end{};
  end.size = sizeof end;
  EXPECT_EQ(b.table.active_alerts(b.table.host, view(kLocal), take_transition, &lines), 0);
  lines.clear();
  EXPECT_EQ(b.table.alert_log(b.table.host, view(kLocal), 1795735757, 0, take_transition, &lines, &end), 0);
  EXPECT_EQ(lines.size(), 2U);
  for (const auto &l : lines) EXPECT(l.find(kBarHash) != std::string::npos);
  std::string name;
  const auto take = [](void *ctx, const naclk_alert_config *c) {
    *static_cast<std::string *>(ctx) = str(c->template_name) + str(c->alarm);
    return 0;
  };
  EXPECT_EQ(b.table.alert_config(b.table.host, view(kBarHash), take, &name), 0);
  EXPECT_EQ(name, "bar_test");
  return {};
}

std::string agent_1_43__contexts_and_nodes__are_read() {
  EXPECT_EQ(read_contexts(sample_json("v143_contexts.json")).items.size(), 4U);
  Bench b(agent_1_43());
  Lines lines;
  EXPECT_EQ(b.table.nodes(b.table.host, take_node, &lines), 0);
  EXPECT(lines == Lines({"barnode local live health 0 6"}));
  return {};
}

std::string agent_1_33__without_contexts__has_none_and_everything_else() {
  Bench b(serve_documents({{"/api/v1/info", sample("v1_info.json")},
                           {"/api/v1/charts", sample("v1_charts.json")},
                           {"/api/v1/alarms", sample("v1_alarms_all.json")},
                           {"/api/v1/alarm_log", sample("v1_alarm_log.json")}}));
  int count = 0;
  const auto all = [](void *ctx, const naclk_context *) {
    ++*static_cast<int *>(ctx);
    return 0;
  };
  EXPECT_EQ(b.table.contexts(b.table.host, view(kLocal), all, &count), 0);
  EXPECT_EQ(count, 0);
  EXPECT_EQ(b.table.contexts(b.table.host, view("c017cf8e-e551-11f1-9495-02fc00000009"), all, &count), -ENOENT);
  Lines lines;
  naclk_alert_log_end end{};
  end.size = sizeof end;
  EXPECT_EQ(b.table.alert_log(b.table.host, view(kLocal), 0, 0, take_transition, &lines, &end), 0);
  EXPECT_EQ(lines.size(), 11U);
  return {};
}

std::string versions__of_1_43__open_the_looks_at_what_has_changed() {
  using Look = VersionsGate::Look;
  const auto looks = [](const Look &a, bool alerts, bool nodes, bool contexts) {
    return a.alerts == alerts && a.nodes == nodes && a.contexts == contexts;
  };
  VersionsGate gate;
  const VersionsGate::Time t0{};
  auto v = read_versions(sample_json("v143_versions.json"));
  EXPECT(v.nodes == 1 && v.contexts == 295 && v.contexts_soft == 493);
  EXPECT(gate.ask(1));
  EXPECT(looks(gate.versions(v, t0), true, false, false));
  EXPECT(!gate.contexts_same(t0) && gate.contexts_same(t0 + 10s) && !gate.contexts_same(t0 + 60s));
  (void)gate.versions(v, t0 + 14s);
  EXPECT(looks(gate.versions(v, t0 + 16s), false, false, false));
  const auto anyway = gate.versions(v, t0 + 24s);  // now and then, whatever it says
  EXPECT(looks(anyway, true, false, false) && anyway.few);
  EXPECT(looks(gate.versions(v, t0 + 25s), false, false, false));
  ++v.alerts;
  EXPECT(looks(gate.versions(v, t0 + 26s), true, false, false));
  EXPECT(looks(gate.versions(v, t0 + 40s), true, false, false));
  ++v.contexts_soft;
  EXPECT(looks(gate.versions(v, t0 + 42s), false, false, false));
  EXPECT(!gate.contexts_same(t0 + 61s) && gate.contexts_same(t0 + 62s));
  ++v.contexts;
  ++v.nodes;
  EXPECT(looks(gate.versions(v, t0 + 63s), true, true, true));
  gate.alerts_changed("a", t0 + 63s);
  EXPECT(gate.tell_again(t0 + 64s).empty());
  for (const auto later : {65s, 68s, 75s}) EXPECT(gate.tell_again(t0 + later) == std::vector<std::string>{"a"});
  EXPECT(gate.tell_again(t0 + 500s).empty());
  return {};
}

std::string versions__agent_without_them__is_asked_once_until_it_starts_anew() {
  VersionsGate gate;
  const VersionsGate::Time t0{};
  EXPECT(gate.ask(1));
  const auto look = gate.versions(std::nullopt, t0);
  EXPECT(look.alerts && !look.nodes);
  EXPECT(!gate.ask(1) && !gate.contexts_same(t0 + 1s));
  EXPECT(gate.ask(2));
  (void)gate.versions(Versions{1, 2, 3, 4}, t0);
  EXPECT(gate.versions(std::nullopt, t0 + 1s).alerts && gate.ask(2));  // busy
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(agent_1_43__transitions__have_the_agents_own_ids_and_hashes),
    ACLK_TEST(agent_1_43__definition_edited_since__keeps_the_hash_of_its_transitions),
    ACLK_TEST(agent_1_43__contexts_and_nodes__are_read),
    ACLK_TEST(agent_1_33__without_contexts__has_none_and_everything_else),
    ACLK_TEST(versions__of_1_43__open_the_looks_at_what_has_changed),
    ACLK_TEST(versions__agent_without_them__is_asked_once_until_it_starts_anew),
};

}  // namespace
}  // namespace test_agents_1_43

int agents_1_43_tests() {
  return cmocka_run_group_tests_name("agents of 1.33 and 1.43", test_agents_1_43::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
