// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's database, as files made by its tables.
#include <fmt/format.h>

#include <chrono>
#include <fstream>

#include "plugin-api/external/hooks/read_meta_db.h"
#include "tests/unit/external/meta_db_file.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_meta_db {
namespace {

std::string meta_db__other_version__is_not_read() {
  const MetaDbFile file(17);
  const auto db = MetaDb::open(file.dir());
  EXPECT(!db && db.error().code == Errc::unsupported);
  EXPECT(db.error().what.find("version 17") != std::string::npos);
  return {};
}

std::string meta_db__missing_or_damaged__is_an_error() {
  const auto none = MetaDb::open("/nonexistent");
  EXPECT(!none && none.error().code == Errc::io);
  EXPECT(none.error().what.find("/nonexistent/netdata-meta.db") != std::string::npos);
  const MetaDbFile file(7);
  std::filesystem::create_directory(file.dir() / "x");
  std::ofstream(file.dir() / "x" / "netdata-meta.db") << std::string(8192, 'x');
  const auto bad = MetaDb::open(file.dir() / "x");
  EXPECT(!bad && bad.error().code == Errc::io);
  return {};
}

std::string meta_db__tables_are_others__is_an_error() {
  MetaDbFile file(7);
  file.run("ALTER TABLE host RENAME COLUMN hops TO jumps");
  auto db = MetaDb::open(file.dir());
  EXPECT(db);
  const auto children = read_children(*db);
  EXPECT(!children && children.error().code == Errc::io);
  return {};
}

std::string meta_db__stopping_or_slow__gives_up() {
  MetaDbFile file(7);
  file.run(
      "INSERT INTO host (host_id, hostname, hops) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
      "i < 5000) SELECT i, 'h' || i, 1 FROM n");
  const auto count = [](MetaDb &db) {
    return db.select("SELECT count(*) FROM host a, host b, host c", {}, [](auto &) { return true; });
  };
  bool stop = false;
  auto db = MetaDb::open(file.dir(), [&] { return stop; });
  EXPECT(db);
  stop = true;
  auto r = count(*db);
  EXPECT(!r && r.error().code == Errc::cancelled);
  auto slow = MetaDb::open(file.dir(), nullptr, std::chrono::milliseconds(20));
  EXPECT(slow);
  r = count(*slow);
  EXPECT(!r && r.error().code == Errc::timeout);
  return {};
}

std::string meta_db__while_the_agent_writes__is_read_and_never_written() {
  MetaDbFile file(7);
  file.add_host(kLocal, "parent", 0);
  file.run("BEGIN IMMEDIATE; DELETE FROM host");
  auto db = MetaDb::open(file.dir());
  EXPECT(db);
  const auto r = db->select("DELETE FROM host", {}, [](auto &) { return true; });
  EXPECT(!r && r.error().code == Errc::io);
  int rows = 0;
  EXPECT(db->select("SELECT 1 FROM host", {}, [&](auto &) { return ++rows > 0; }));
  EXPECT_EQ(rows, 1);
  file.run("ROLLBACK");
  return {};
}

std::string children__of_the_database__are_those_with_hops() {
  MetaDbFile file(7);
  file.add_host(kLocal, "parent", 0);
  file.add_host(kChild, "kid", 1);
  file.add_host("c017cf8e-e551-11f1-9495-02fc00000002", "grandkid", 2);
  file.run(
      "INSERT INTO host (host_id, hostname, hops) VALUES (x'01', 'short', 1), ('text', 'text', 1), (NULL, NULL, 9)");
  auto db = MetaDb::open(file.dir());
  EXPECT(db);
  const auto nodes = read_children(*db);
  EXPECT(nodes && nodes->items.size() == 2);
  const auto &kid = nodes->items[1];
  EXPECT(text(kid.machine_guid) == kChild && text(kid.hostname) == "kid" && kid.hops == 1);
  EXPECT(kid.local == 0 && kid.live == 0 && kid.health_enabled == 0);
  EXPECT_EQ(nodes->items[0].hops, 2);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(meta_db__other_version__is_not_read),
    ACLK_TEST(meta_db__missing_or_damaged__is_an_error),
    ACLK_TEST(meta_db__tables_are_others__is_an_error),
    ACLK_TEST(meta_db__stopping_or_slow__gives_up),
    ACLK_TEST(meta_db__while_the_agent_writes__is_read_and_never_written),
    ACLK_TEST(children__of_the_database__are_those_with_hops),
};

}  // namespace
}  // namespace test_meta_db

int meta_db_tests() { return cmocka_run_group_tests_name("meta_db", test_meta_db::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
