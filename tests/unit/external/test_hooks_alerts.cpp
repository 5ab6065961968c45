// SPDX-License-Identifier: GPL-3.0-or-later
//
// Alert logs and child nodes that the web API does not tell whole: the agent's database, or what can be done without.
#include <fmt/format.h>

#include <atomic>
#include <cerrno>

#include "tests/unit/external/hook_bench.h"
#include "tests/unit/external/meta_db_file.h"

namespace aclk::external::test {
namespace {

constexpr std::uint64_t kGi = 1795199290000002;  // the older transition of the local node in v2_alert_transitions.json
constexpr const char *kTransition = "7b1f0ad4-1111-4222-8333-00000000000";

int take_alert(void *ctx, const naclk_alert *a) {
  static_cast<Lines *>(ctx)->push_back(fmt::format("{} {} {}>{} {} {}", a->log_id % 1'000'000'000, str(a->alert_id),
                                                   a->old_status, a->status, a->event_id, str(a->transition_id)));
  return 0;
}

struct Log {
  int rc = 0;
  Lines lines;
  std::uint64_t last = 0;
  bool gap = false;
};

Log read_log(Bench &b, std::uint64_t after, std::uint32_t limit = 0) {
  Log l;
  naclk_alert_log_end end{};
  end.size = sizeof end;
  l.rc = b.table.alert_log(b.table.host, view(kLocal), after, limit, take_alert, &l.lines, &end);
  l.last = end.last_log_id;
  l.gap = end.gap != 0;
  return l;
}

FakeAgent::Handler v2(std::string instances, std::string transitions = sample("v2_alert_transitions.json")) {
  return serve_documents({
      {"/api/v1/info", sample("v2_info.json")},
      {"/api/v2/alert_transitions", std::move(transitions)},
      {"/api/v2/alerts", std::move(instances)},
      {"/api/v1/alarms?all", sample("v2_alarms_all.json")},
  });
}

std::string alert_log_of_2_x__database_readable__has_what_the_web_api_hides() {
  MetaDbFile file(18);
  file.add_host(kLocal, "parent", 0);
  file.add({kGi - 10, kLocal, "stocktest_high", 0, 0, "", 1});
  file.add({kGi, kLocal, "stocktest_high", 3, 4, std::string(kTransition) + "2", 2});
  file.add({kGi + 60000001, kLocal, "stocktest_high", 4, 1, std::string(kTransition) + "3", 3});
  file.add({kGi + 70000000, kLocal, "stocktest_high", 1, -2, std::string(kTransition) + "9", 4, 0, true});
  Bench b(Generation::v2, v2(sample("v2_alerts.json")), file.dir());
  const auto all = read_log(b, 0);
  EXPECT(all.lines == Lines({"289999992 stocktest.c1/stocktest_high 1>1 1 ",
                             "290000002 stocktest.c1/stocktest_high 5>6 2 7b1f0ad4-1111-4222-8333-000000000002",
                             "350000003 stocktest.c1/stocktest_high 6>4 3 7b1f0ad4-1111-4222-8333-000000000003",
                             "360000002 stocktest.c1/stocktest_high 4>2 4 7b1f0ad4-1111-4222-8333-000000000009"}));
  EXPECT(all.rc == 0 && !all.gap && all.last == kGi + 70000000);
  const auto page = read_log(b, kGi, 1);
  EXPECT(page.lines.size() == 1 && page.last == kGi + 60000001 && !page.gap);
  EXPECT(read_log(b, kGi - 999'000'000).gap);
  // The alert in active_alerts is the same one: same id, its last transition with the counter.
  Lines active;
  EXPECT_EQ(b.table.active_alerts(b.table.host, view(kLocal), take_alert, &active), 0);
  EXPECT_EQ(active[0], "400000009 stocktest.c1/stocktest_high 4>5 4 7b1f0ad4-1111-4222-8333-000000000009");
  return {};
}

std::string alert_log_of_2_x__row_saved_after_the_first_reading__is_found_by_the_next() {
  MetaDbFile file(18);
  file.add_host(kLocal, "parent", 0);
  file.add({kGi, kLocal, "stocktest_high", 3, 4, std::string(kTransition) + "2", 2});
  Bench b(Generation::v2, v2(sample("v2_alerts.json"), "{\"transitions\":[]}"), file.dir());
  const auto early = read_log(b, kGi);
  EXPECT(early.rc == 0 && early.lines.empty() && !early.gap && early.last == kGi);
  file.add({kGi + 5, kLocal, "stocktest_high", 4, 1, std::string(kTransition) + "3", 3});
  const auto later = read_log(b, early.last);
  EXPECT(later.rc == 0 && later.lines.size() == 1 && !later.gap && later.last == kGi + 5);
  return {};
}

std::string alert_log_of_2_x__database_of_another_version__web_api_alone() {
  const MetaDbFile file(19);
  std::atomic<bool> gone{false};
  Bench b(
      Generation::v2,
      [&](const std::string &r) {
        const bool gap = target_of(r).find("anchor_gi=0&") == std::string::npos;
        const auto transitions = gap ? std::string("{\"transitions\":[]}") : sample("v2_alert_transitions.json");
        return v2(gone ? "{\"alert_instances\":[]}" : sample("v2_alerts.json"), transitions)(r);
      },
      file.dir());
  const auto all = read_log(b, 0);
  EXPECT_EQ(all.rc, 0);
  EXPECT(all.lines == Lines({"1 system.ram/just_a_variable 1>4 0 7b1f0ad4-1111-4222-8333-00000000000a",
                             "290000002 stocktest.c1/stocktest_high 5>6 0 7b1f0ad4-1111-4222-8333-000000000002",
                             "350000003 stocktest.c1/stocktest_high 6>4 0 7b1f0ad4-1111-4222-8333-000000000003",
                             "400000009 stocktest.c1/stocktest_high 1>5 0 7b1f0ad4-1111-4222-8333-000000000009"}));
  EXPECT(!all.gap && all.last == 1795199400000009);
  gone = true;
  const auto removed = read_log(b, all.last);
  EXPECT(removed.lines ==
         Lines({"400000010 stocktest.c1/stocktest_high 5>2 0 ", "400000011 system.ram/just_a_variable 4>2 0 "}));
  EXPECT(!removed.gap && removed.last == 1795199400000011);
  EXPECT(read_log(b, all.last).lines == removed.lines);
  EXPECT(read_log(b, removed.last).lines.empty());
  return {};
}

std::string alert_log_of_2_x__plugin_restarted_without_the_database__is_a_gap_once() {
  Bench b(Generation::v2, v2(sample("v2_alerts.json"), "{\"transitions\":[]}"));
  const auto first = read_log(b, 1795199400000009);
  EXPECT(first.rc == 0 && first.gap && first.lines.empty() && first.last == 1795199400000009);
  EXPECT(!read_log(b, first.last).gap);
  return {};
}

std::string log_entry(unsigned id, std::uint64_t when, unsigned event = 1, const char *name = "a") {
  return fmt::format(R"({{"unique_id":{},"alarm_event_id":{},"name":"{}","chart":"c","when":{},"status":"CLEAR"}})", id,
                     event, name, when);
}

// An agent 1.x with this log, newest first.
FakeAgent::Handler v1_log(std::vector<std::pair<unsigned, std::string>> log, unsigned latest) {
  return [log = std::move(log), latest](const std::string &r) {
    const auto target = target_of(r);
    if (target == "/api/v1/info") return answer(sample("v1_info.json"));
    if (target == "/api/v1/alarms?active")
      return answer(fmt::format("{{\"latest_alarm_log_unique_id\":{},\"status\":true,\"alarms\":{{}}}}", latest));
    if (target == "/api/v1/alarms?all")
      return answer(fmt::format("{{\"latest_alarm_log_unique_id\":{},\"status\":true,\"alarms\":{{}}}}", latest));
    if (target == "/api/v1/charts") return answer("{\"charts\":{}}");
    if (target.substr(0, 24) != "/api/v1/alarm_log?after=") return answer("no", 404);
    const auto after = std::stoul(target.substr(24));
    std::string out;
    for (const auto &[id, entry] : log)
      if (id > after) out += (out.empty() ? "" : ",") + entry;
    return answer("[\n" + out + "]\n");
  };
}

std::string alert_log_of_1_37__same_log__goes_on_without_a_gap() {
  Bench b(Generation::v1, v1_log({{12, log_entry(12, 300)}, {10, log_entry(10, 100)}}, 12));
  auto l = read_log(b, 10);
  EXPECT(l.lines.size() == 1 && !l.gap && l.last == 12);
  l = read_log(b, 12);
  EXPECT(l.lines.empty() && !l.gap && l.last == 12);
  return {};
}

std::string alert_log_of_1_37__new_database__is_a_gap_once() {
  const auto now = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  const auto later = now + 60;
  {  // lower ids
    Bench b(Generation::v1, v1_log({{8, log_entry(8, now)}, {7, log_entry(7, now)}}, 8));
    auto l = read_log(b, 10);
    EXPECT(l.gap && l.lines.size() == 2 && l.last == 8);
    l = read_log(b, 8);
    EXPECT(!l.gap && l.lines.empty());
  }
  {  // an entry of the same id, younger than this process
    Bench b(Generation::v1,
            v1_log({{11, log_entry(11, later)}, {10, log_entry(10, later)}, {9, log_entry(9, later)}}, 11));
    auto l = read_log(b, 10);
    EXPECT(l.gap && l.lines.size() == 1 && l.last == 11);
    EXPECT(!read_log(b, 11).gap);
  }
  {  // the same, and nothing after it
    Bench b(Generation::v1, v1_log({{10, log_entry(10, later)}, {9, log_entry(9, later)}}, 10));
    EXPECT(read_log(b, 10).gap);
    EXPECT(!read_log(b, 10).gap);
  }
  {  // higher ids only
    Bench b(Generation::v1, v1_log({{21, log_entry(21, now)}, {20, log_entry(20, now)}}, 21));
    const auto l = read_log(b, 10);
    EXPECT(l.gap && l.lines.size() == 2 && l.last == 21);
  }
  {  // an id of 2.x
    Bench b(Generation::v1, v1_log({{8, log_entry(8, 100)}}, 8));
    const auto l = read_log(b, kGi);
    EXPECT(l.gap && l.lines.size() == 1 && l.last == 8);
  }
  {  // health has not begun
    Bench b(Generation::v1, v1_log({}, 0));
    const auto l = read_log(b, 10);
    EXPECT(l.rc == 0 && !l.gap && l.lines.empty() && l.last == 10);
  }
  return {};
}

std::string alert_log_of_1_37__replaced_while_we_live__is_seen() {
  std::atomic<bool> replaced{false};
  Bench b(Generation::v1, [&](const std::string &r) {
    return replaced ? v1_log({{12, log_entry(12, 500)}, {11, log_entry(11, 400, 1, "b")}}, 12)(r)
                    : v1_log({{11, log_entry(11, 300)}, {10, log_entry(10, 100)}}, 11)(r);
  });
  EXPECT(!read_log(b, 10).gap);
  replaced = true;
  const auto l = read_log(b, 11);
  EXPECT(l.gap && l.last == 12);
  return {};
}

std::string active_alerts__agent_has_just_begun__not_yet() {
  Bench fresh(Generation::v1, v1_log({{8, log_entry(8, 100)}}, 8));
  Lines lines;
  EXPECT_EQ(fresh.table.active_alerts(fresh.table.host, view(kLocal), take_alert, &lines), -EAGAIN);
  Bench none(Generation::v1, v1_log({}, 0));
  EXPECT_EQ(none.table.active_alerts(none.table.host, view(kLocal), take_alert, &lines), 0);
  EXPECT(lines.empty());
  return {};
}

std::string nodes_of_1_37__children_only_in_the_database__are_listed_as_away() {
  constexpr const char *kGone = "c017cf8e-e551-11f1-9495-02fc00000002";
  MetaDbFile file(7);
  file.add_host(kLocal, "node1", 0);
  file.add_host(kChild, "kid1", 1);
  file.add_host(kGone, "kid2", 2);
  const auto documents = serve_documents(
      {{"/api/v1/info", sample("v1_info.json")}, {"/api/v1/alarms?active", sample("v1_alarms_active.json")}});
  Bench b(Generation::v1, documents, file.dir());
  Lines lines;
  EXPECT_EQ(b.table.nodes(b.table.host, take_node, &lines), 0);
  EXPECT(lines == Lines({"node1 local live health 0 6", "kid1 live 1 6", "kid2 2 6"}));
  // Who is listed has facts.
  file.run(
      "INSERT INTO host_info SELECT host_id, 'NETDATA_SYSTEM_KERNEL_NAME', 'Linux', 1 FROM host WHERE hops = 2;"
      "INSERT INTO host_label SELECT host_id, 1, '_system_cores', '4', 1 FROM host WHERE hops = 2;"
      "INSERT INTO chart (chart_id, host_id, plugin, module) SELECT 1, host_id, 'proc.plugin', '/proc/stat' FROM host "
      "WHERE hops = 2");
  const auto take_info = [](void *ctx, const naclk_node_info *i) {
    static_cast<Lines *>(ctx)->push_back(fmt::format("{} {} {} {} {} {} {}", str(i->name), str(i->os),
                                                     str(i->kernel_name), i->cpus, str(i->timezone), str(i->version),
                                                     i->label_count));
    return 0;
  };
  const auto take_collector = [](void *ctx, const naclk_collector *c) {
    static_cast<Lines *>(ctx)->push_back(str(c->plugin) + str(c->module));
    return 0;
  };
  lines.clear();
  EXPECT_EQ(b.table.node_info(b.table.host, view(kGone), take_info, &lines), 0);
  EXPECT_EQ(b.table.collectors(b.table.host, view(kGone), take_collector, &lines), 0);
  EXPECT(lines == Lines({"kid2 linux Linux 4 CET v1.37.1 1", "proc.plugin/proc/stat"}));
  EXPECT_EQ(b.table.node_info(b.table.host, view("d017cf8e-e551-11f1-9495-02fc00000002"), take_info, &lines), -ENOENT);
  // Read once: what an agent removes while it runs is not of interest.
  file.run("DELETE FROM host");
  lines.clear();
  EXPECT_EQ(b.table.nodes(b.table.host, take_node, &lines), 0);
  EXPECT_EQ(lines.size(), 3U);
  Bench other(Generation::v1, documents, "/nonexistent");
  lines.clear();
  EXPECT_EQ(other.table.nodes(other.table.host, take_node, &lines), 0);
  EXPECT_EQ(lines.size(), 2U);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(alert_log_of_2_x__database_readable__has_what_the_web_api_hides),
    ACLK_TEST(alert_log_of_2_x__row_saved_after_the_first_reading__is_found_by_the_next),
    ACLK_TEST(alert_log_of_2_x__database_of_another_version__web_api_alone),
    ACLK_TEST(alert_log_of_2_x__plugin_restarted_without_the_database__is_a_gap_once),
    ACLK_TEST(alert_log_of_1_37__same_log__goes_on_without_a_gap),
    ACLK_TEST(alert_log_of_1_37__new_database__is_a_gap_once),
    ACLK_TEST(alert_log_of_1_37__replaced_while_we_live__is_seen),
    ACLK_TEST(active_alerts__agent_has_just_begun__not_yet),
    ACLK_TEST(nodes_of_1_37__children_only_in_the_database__are_listed_as_away),
};

}  // namespace

int hook_alert_tests() { return cmocka_run_group_tests_name("hook_alerts", tests, nullptr, nullptr); }

}  // namespace aclk::external::test
