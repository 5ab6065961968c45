// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's database, as files made by its tables.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <fstream>

#include "plugin-api/external/alerts/read_meta_db.h"
#include "tests/unit/external/meta_db_file.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace {

constexpr std::uint64_t kT = 1795199280000000;
constexpr const char *kTransition = "7b1f0ad4-1111-4222-8333-000000000003";

std::string db__other_version__is_not_read() {
  const MetaDbFile file(17);
  const auto db = MetaDb::open(file.dir(), kMetaVersionV2);
  EXPECT(!db && db.error().code == Errc::unsupported);
  EXPECT(db.error().what.find("version 17") != std::string::npos);
  return {};
}

std::string db__missing_or_damaged__is_an_error() {
  const auto none = MetaDb::open("/nonexistent", kMetaVersionV1);
  EXPECT(!none && none.error().code == Errc::io);
  EXPECT(none.error().what.find("/nonexistent/netdata-meta.db") != std::string::npos);
  const MetaDbFile file(7);
  std::filesystem::create_directory(file.dir() / "x");
  std::ofstream(file.dir() / "x" / "netdata-meta.db") << std::string(8192, 'x');
  const auto bad = MetaDb::open(file.dir() / "x", kMetaVersionV1);
  EXPECT(!bad && bad.error().code == Errc::io);
  return {};
}

std::string db__tables_are_others__is_an_error() {
  MetaDbFile file(18);
  file.run("ALTER TABLE health_log_detail RENAME COLUMN global_id TO gid");
  auto db = MetaDb::open(file.dir(), kMetaVersionV2);
  EXPECT(db);
  const auto log = read_health_log(*db, kLocal, 0, 0);
  EXPECT(!log && log.error().code == Errc::io);
  return {};
}

std::string db__stopping_or_slow__gives_up() {
  MetaDbFile file(18);
  file.run(
      "INSERT INTO host (host_id, hostname, hops) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
      "i < 5000) SELECT i, 'h' || i, 1 FROM n");
  const auto count = [](MetaDb &db) {
    return db.select("SELECT count(*) FROM host a, host b, host c", {}, [](auto &) { return true; });
  };
  bool stop = false;
  auto db = MetaDb::open(file.dir(), kMetaVersionV2, [&] { return stop; });
  EXPECT(db);
  stop = true;
  auto r = count(*db);
  EXPECT(!r && r.error().code == Errc::cancelled);
  auto slow = MetaDb::open(file.dir(), kMetaVersionV2, nullptr, std::chrono::milliseconds(20));
  EXPECT(slow);
  r = count(*slow);
  EXPECT(!r && r.error().code == Errc::timeout);
  return {};
}

std::string db__while_the_agent_writes__is_read_and_never_written() {
  MetaDbFile file(7);
  file.add_host(kLocal, "parent", 0);
  file.run("BEGIN IMMEDIATE; DELETE FROM host");
  auto db = MetaDb::open(file.dir(), kMetaVersionV1);
  EXPECT(db);
  const auto r = db->select("DELETE FROM host", {}, [](auto &) { return true; });
  EXPECT(!r && r.error().code == Errc::io);
  int rows = 0;
  EXPECT(db->select("SELECT 1 FROM host", {}, [&](auto &) { return ++rows > 0; }));
  EXPECT_EQ(rows, 1);
  file.run("ROLLBACK");
  return {};
}

std::string children__of_1_x__are_those_with_hops() {
  MetaDbFile file(7);
  file.add_host(kLocal, "parent", 0);
  file.add_host(kChild, "kid", 1);
  file.add_host("c017cf8e-e551-11f1-9495-02fc00000002", "grandkid", 2);
  file.run(
      "INSERT INTO host (host_id, hostname, hops) VALUES (x'01', 'short', 1), ('text', 'text', 1), (NULL, NULL, 9)");
  auto db = MetaDb::open(file.dir(), kMetaVersionV1);
  EXPECT(db);
  const auto nodes = read_children(*db);
  EXPECT(nodes && nodes->size() == 2);
  const auto &kid = (*nodes)[1];
  EXPECT(kid.machine_guid == kChild && kid.hostname == "kid" && kid.hops == 1);
  EXPECT(!kid.local && !kid.live && !kid.health_enabled);
  EXPECT_EQ((*nodes)[0].hops, 2);
  return {};
}

std::string health_log__of_2_x__has_every_transition_of_the_node() {
  MetaDbFile file(18);
  file.add_host(kLocal, "parent", 0);
  file.add({kT + 1, kLocal, "a", 0, 1, "7b1f0ad4-1111-4222-8333-000000000001", 1});
  file.add({kT + 2, kChild, "a", 1, 3, "7b1f0ad4-1111-4222-8333-000000000002", 2});
  file.add({kT + 3, kLocal, "a", 4, -2, kTransition, 7, 0x13, true});
  auto db = MetaDb::open(file.dir(), kMetaVersionV2);
  EXPECT(db);
  const auto log = read_health_log(*db, kLocal, kT, 0);
  EXPECT(log && log->entries.size() == 2 && !log->more);
  EXPECT(log->hostname == "parent" && log->before == 0 && log->last_added == kT + 3);
  const auto &a = log->entries[1];
  EXPECT(a.log_id == kT + 3 && a.event_id == 7 && a.transition_id == kTransition);
  EXPECT_EQ(a.status, std::uint32_t{NACLK_ALERT_REMOVED});
  EXPECT_EQ(a.old_status, std::uint32_t{NACLK_ALERT_CRITICAL});
  EXPECT_EQ(a.alert_id, "stocktest.c1/a");
  EXPECT(a.chart == "stocktest.c1" && a.chart_name == "stocktest.chart_one" && a.context == "stocktest.value");
  EXPECT(a.superseded && a.silenced && a.delay_s == 30 && a.duration_s == 60 && a.non_clear_duration_s == 120);
  EXPECT_EQ(a.config_hash, "0d1c2b3a-4444-4555-8666-777788889999");
  EXPECT(a.value_string == "25.5 things" && a.old_value_string == "-" && std::isnan(a.old_value));
  EXPECT(a.info == "the info" && a.summary == "the summary" && a.exec == "/n.sh" && a.units == "things");
  EXPECT(a.timezone == "CET" && a.utc_offset_s == 3600);
  EXPECT(!log->entries[0].superseded && !log->entries[0].silenced);
  const auto rest = read_health_log(*db, kLocal, kT + 1, 0);
  EXPECT(rest && rest->entries.size() == 1 && rest->before == kT + 1);
  const auto page = read_health_log(*db, kLocal, 0, 1);
  EXPECT(page && page->entries.size() == 1 && page->more && page->entries[0].log_id == kT + 1);
  const auto last = read_last_transitions(*db, kLocal);
  EXPECT(last && last->size() == 1 && (*last)[0].transition_id == kTransition);
  const auto none = read_health_log(*db, "c017cf8e-e551-11f1-9495-02fc00000002", 5, 0);
  EXPECT(none && none->entries.empty() && none->hostname.empty() && none->last_added == 0);
  EXPECT(read_health_log(*db, "../..", UINT64_MAX, 0));
  return {};
}

std::string health_log__hostile_rows__are_left_out_or_cut() {
  MetaDbFile file(18);
  file.add_host(kLocal, "parent", 0);
  file.add({kT + 1, kLocal, "a", 99, -99, "", 1});
  file.add({kT + 2, kLocal, "b", 1, 3, "00000000-0000-0000-0000-000000000000", 1});
  file.add({kT + 3, kLocal, "c", 1, 3, kTransition, 1});
  file.run(
      "UPDATE health_log_detail SET info = replace(hex(zeroblob(40000)), '0', 'x'), summary = CAST(x'ff80' AS TEXT), "
      "when_key = -5, duration = 'much', new_value = 9e999 WHERE global_id = 1795199280000001");
  file.run("UPDATE health_log SET name = NULL WHERE name = 'b'");
  file.run("UPDATE health_log SET config_hash_id = 'text', chart_name = NULL WHERE name = 'c'");
  auto db = MetaDb::open(file.dir(), kMetaVersionV2);
  EXPECT(db);
  const auto log = read_health_log(*db, kLocal, 0, 0);
  EXPECT(log && log->entries.size() == 2);
  const auto &a = log->entries[0];
  EXPECT(a.status == NACLK_ALERT_UNKNOWN && a.old_status == NACLK_ALERT_UNKNOWN && a.transition_id.empty());
  EXPECT(a.info.size() <= 65536 && a.when_s == 0 && a.duration_s == 0 && std::isnan(a.value));
  EXPECT_EQ(a.summary, "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT(log->entries[1].config_hash.empty() && log->entries[1].chart_name == "stocktest.c1");
  return {};
}

std::string meta_db__more_than_can_be_shown__is_the_newest_to_the_end() {
  constexpr std::uint64_t kMost = 20'000;
  constexpr std::uint64_t kMore = 7;
  constexpr std::uint64_t kEnd = kT + kMost + kMore - 1;
  MetaDbFile file(18);
  file.add_host(kLocal, "parent", 0);
  file.add({kT, kLocal, "stocktest_high", 3, 4, {}, 1});
  file.run(
      fmt::format("CREATE TEMP TABLE one AS SELECT * FROM health_log_detail;"
                  "INSERT INTO health_log_detail WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT"
                  " {}) SELECT health_log_id, unique_id, alarm_id, alarm_event_id, updated_by_id, updates_id, when_key,"
                  " duration, non_clear_duration, flags, exec_run_timestamp, delay_up_to_timestamp, info, exec_code,"
                  " new_status, old_status, delay, new_value, old_value, last_repeat, NULL, global_id + i, summary"
                  " FROM one, n",
                  kMost + kMore - 1));
  auto db = MetaDb::open(file.dir(), 18, nullptr, std::chrono::minutes(10));
  EXPECT(db);
  const auto all = read_health_log(*db, kLocal, 0, 0);
  EXPECT(all && all->cut && !all->more && all->entries.size() == kMost);
  EXPECT_EQ(all->entries.front().log_id, kT + kMore);
  EXPECT_EQ(all->entries.back().log_id, kEnd);
  const auto rest = read_health_log(*db, kLocal, kEnd - 2, 0);
  EXPECT(rest && !rest->cut && !rest->more && rest->entries.size() == 2 && rest->entries.back().log_id == kEnd);
  const auto page = read_health_log(*db, kLocal, kT, 3);
  EXPECT(page && !page->cut && page->more && page->entries.size() == 3 && page->entries.back().log_id == kT + 3);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(db__other_version__is_not_read),
    ACLK_TEST(db__missing_or_damaged__is_an_error),
    ACLK_TEST(db__tables_are_others__is_an_error),
    ACLK_TEST(db__stopping_or_slow__gives_up),
    ACLK_TEST(db__while_the_agent_writes__is_read_and_never_written),
    ACLK_TEST(children__of_1_x__are_those_with_hops),
    ACLK_TEST(health_log__of_2_x__has_every_transition_of_the_node),
    ACLK_TEST(health_log__hostile_rows__are_left_out_or_cut),
    ACLK_TEST(meta_db__more_than_can_be_shown__is_the_newest_to_the_end),
};

}  // namespace

int meta_db_tests() { return cmocka_run_group_tests_name("meta_db", tests, nullptr, nullptr); }

}  // namespace aclk::external::test
