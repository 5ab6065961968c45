// SPDX-License-Identifier: GPL-3.0-or-later
//
// Alert logs and child nodes that the web API does not tell whole: the agent's database, or what can be done without.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>

#include "tests/sockets/external/hook_bench.h"
#include "tests/sockets/external/suites.h"
#include "tests/unit/external/meta_db_file.h"

namespace aclk::external::test {
namespace test_hooks_alerts {
namespace {

constexpr std::uint64_t kGi = 1795199290000002;  // a place in the log of a 2.x

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

std::string log_entry(unsigned id, std::uint64_t when, unsigned event = 1, const char *name = "a") {
  return fmt::format(R"({{"unique_id":{},"alarm_event_id":{},"name":"{}","chart":"c","when":{},"status":"CLEAR"}})", id,
                     event, name, when);
}

// An agent with this log, newest first.
FakeAgent::Handler agent_with_log(std::vector<std::pair<unsigned, std::string>> log, unsigned latest) {
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
  Bench b(agent_with_log({{12, log_entry(12, 300)}, {10, log_entry(10, 100)}}, 12));
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
    Bench b(agent_with_log({{8, log_entry(8, now)}, {7, log_entry(7, now)}}, 8));
    auto l = read_log(b, 10);
    EXPECT(l.gap && l.lines.size() == 2 && l.last == 8);
    l = read_log(b, 8);
    EXPECT(!l.gap && l.lines.empty());
  }
  {  // an entry of the same id, younger than this process
    Bench b(agent_with_log({{11, log_entry(11, later)}, {10, log_entry(10, later)}, {9, log_entry(9, later)}}, 11));
    auto l = read_log(b, 10);
    EXPECT(l.gap && l.lines.size() == 1 && l.last == 11);
    EXPECT(!read_log(b, 11).gap);
  }
  {  // the same, and nothing after it
    Bench b(agent_with_log({{10, log_entry(10, later)}, {9, log_entry(9, later)}}, 10));
    EXPECT(read_log(b, 10).gap);
    EXPECT(!read_log(b, 10).gap);
  }
  {  // higher ids only
    Bench b(agent_with_log({{21, log_entry(21, now)}, {20, log_entry(20, now)}}, 21));
    const auto l = read_log(b, 10);
    EXPECT(l.gap && l.lines.size() == 2 && l.last == 21);
  }
  {  // an id of 2.x
    Bench b(agent_with_log({{8, log_entry(8, 100)}}, 8));
    const auto l = read_log(b, kGi);
    EXPECT(l.gap && l.lines.size() == 1 && l.last == 8);
  }
  {  // health has not begun
    Bench b(agent_with_log({}, 0));
    const auto l = read_log(b, 10);
    EXPECT(l.rc == 0 && !l.gap && l.lines.empty() && l.last == 10);
  }
  return {};
}

std::string alert_log_of_1_37__replaced_while_we_live__is_seen() {
  std::atomic<bool> replaced{false};
  Bench b([&](const std::string &r) {
    return replaced ? agent_with_log({{12, log_entry(12, 500)}, {11, log_entry(11, 400, 1, "b")}}, 12)(r)
                    : agent_with_log({{11, log_entry(11, 300)}, {10, log_entry(10, 100)}}, 11)(r);
  });
  EXPECT(!read_log(b, 10).gap);
  replaced = true;
  const auto l = read_log(b, 11);
  EXPECT(l.gap && l.last == 12);
  return {};
}

// How often the definitions were read.
long definitions_read(const Bench &b) {
  return std::ranges::count_if(b.fake.requests(),
                               [](const std::string &r) { return target_of(r) == "/api/v1/alarms?all"; });
}

std::string alert_log_of_1_37__definitions__are_read_again_only_when_the_log_tells_of_new_ones() {
  const auto entry = [](unsigned id, const char *old_status, const char *status, const char *name = "a") {
    return fmt::format(
        R"({{"unique_id":{},"alarm_event_id":{},"name":"{}","chart":"c","when":{},"status":"{}","old_status":"{}"}})",
        id, id, name, 100 + id, status, old_status);
  };
  std::vector<std::pair<unsigned, std::string>> log;
  std::mutex mutex;
  Bench b([&](const std::string &r) {
    if (target_of(r) == "/api/v1/alarms?all")
      return answer(R"({"status":true,"alarms":{"c.a":{"name":"a","chart":"c","warn":"$this > 1","source":""}}})");
    const std::lock_guard lock(mutex);
    return agent_with_log(log, log.empty() ? 0 : log.front().first)(r);
  });
  std::uint64_t last = 10;
  const auto grow = [&](const std::string &one) {
    {
      const std::lock_guard lock(mutex);
      log.insert(log.begin(), {static_cast<unsigned>(last + 1), one});
    }
    const auto l = read_log(b, last);
    last = l.last;
    return l.lines.size();
  };
  log.emplace_back(10, entry(10, "CLEAR", "WARNING"));
  EXPECT_EQ(grow(entry(11, "WARNING", "CRITICAL")), 1U);
  EXPECT_EQ(definitions_read(b), 1);  // not known yet
  EXPECT_EQ(grow(entry(12, "CRITICAL", "CLEAR")), 1U);
  EXPECT_EQ(definitions_read(b), 1);
  EXPECT(!b.host.owes_definitions(kLocal));
  EXPECT_EQ(grow(entry(13, "CLEAR", "REMOVED")), 1U);  // its configuration was read anew
  EXPECT(b.host.owes_definitions(kLocal));             // later: they were read a moment ago
  return {};
}

std::string log__entries_of_known_and_unknown_definitions__are_told_apart() {
  AlertDefinitions definitions;
  AlertConfig known;
  known.config_hash = "2a8512e2-2854-213d-39fb-bbe695bd775d";
  definitions.learn(kLocal, "c", "a", known);
  AlertConfig half = known;
  half.partial = true;
  half.config_hash = "2a8512e2-2854-213d-39fb-bbe695bd775e";
  definitions.learn(kLocal, "c", "half", half);
  const auto defined = [&](const char *name, const char *old_status, const char *status, const char *hash = "") {
    return are_defined(
        {{{"name", name}, {"chart", "c"}, {"status", status}, {"old_status", old_status}, {"config_hash_id", hash}}},
        kLocal, definitions);
  };
  EXPECT(are_defined(nlohmann::json::array(), kLocal, definitions));
  EXPECT(!are_defined(nlohmann::json::object(), kLocal, definitions));
  EXPECT(defined("a", "CLEAR", "WARNING") && defined("a", "CRITICAL", "CLEAR"));
  EXPECT(defined("a", "CLEAR", "WARNING", "00000000-0000-0000-0000-000000000000"));
  EXPECT(defined("a", "CLEAR", "WARNING", known.config_hash.c_str()));
  EXPECT(!defined("a", "CLEAR", "WARNING", "11111111-2854-213d-39fb-bbe695bd775d"));
  EXPECT(!defined("b", "CLEAR", "WARNING") && !defined("half", "CLEAR", "WARNING"));
  for (const auto *passing : {"REMOVED", "UNINITIALIZED", "UNDEFINED", ""})
    EXPECT(!defined("a", passing, "CLEAR") && !defined("a", "CLEAR", passing));
  return {};
}

std::string active_alerts__agent_has_just_begun__not_yet() {
  Bench fresh(agent_with_log({{8, log_entry(8, 100)}}, 8));
  Lines lines;
  EXPECT_EQ(fresh.table.active_alerts(fresh.table.host, view(kLocal), take_alert, &lines), -EAGAIN);
  Bench none(agent_with_log({}, 0));
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
  Bench b(documents, file.dir());
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
  Bench other(documents, "/nonexistent");
  lines.clear();
  EXPECT_EQ(other.table.nodes(other.table.host, take_node, &lines), 0);
  EXPECT_EQ(lines.size(), 2U);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(alert_log_of_1_37__same_log__goes_on_without_a_gap),
    ACLK_TEST(alert_log_of_1_37__new_database__is_a_gap_once),
    ACLK_TEST(alert_log_of_1_37__replaced_while_we_live__is_seen),
    ACLK_TEST(alert_log_of_1_37__definitions__are_read_again_only_when_the_log_tells_of_new_ones),
    ACLK_TEST(log__entries_of_known_and_unknown_definitions__are_told_apart),
    ACLK_TEST(active_alerts__agent_has_just_begun__not_yet),
    ACLK_TEST(nodes_of_1_37__children_only_in_the_database__are_listed_as_away),
};

}  // namespace
}  // namespace test_hooks_alerts

int hook_alert_tests() {
  return cmocka_run_group_tests_name("hook_alerts", test_hooks_alerts::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
