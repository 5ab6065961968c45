// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "aclk/sync/store/sqlite.h"
#include "aclk/sync/store/store.h"
#include "claim/base/files.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/sync/tests.h"
#include "tests/unit/temp_dir.h"

namespace test_store {
using namespace aclk;
using namespace aclk::sync;
using proto::AlarmStatus;
namespace fs = std::filesystem;

namespace {

bool put(Store &s, Change c) {
  auto row = row_of(c);
  return s.apply({{std::move(row), std::move(c)}}).has_value();
}

std::string store__opened_again__remembers_by_claim() {
  const test::TempDir d;
  {
    auto s = Store::open(d / "aclk.db");
    EXPECT(s);
    EXPECT(put(*s, PutNode{"claim-a", {"g1", "n1", "host", 0}}));
    EXPECT(put(*s, PutNode{"claim-a", {"g1", "n2", "host", 1}}));
    EXPECT(put(*s, PutNode{"claim-b", {"g1", "n3", "host", 0}}));
  }
  auto s = Store::open(d / "aclk.db");
  EXPECT(s);
  const auto nodes = s->nodes("claim-a");
  EXPECT(nodes && nodes->size() == 1);
  EXPECT_EQ(nodes->at(0).node_id, "n2");
  EXPECT_EQ(nodes->at(0).hops, 1);
  EXPECT(s->keep_only("claim-b"));
  EXPECT(s->nodes("claim-a")->empty());
  EXPECT_EQ(s->nodes("claim-b")->size(), 1U);
  struct stat st {};
  EXPECT_EQ(::stat((d / "aclk.db").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777U, 0600U);
  return {};
}

std::string store__damaged_file__is_set_aside_with_a_note() {
  const test::TempDir d;
  const auto file = d / "aclk.db";
  EXPECT(write_file_atomically(file, std::string(8192, 'x'), 0600));
  std::string note;
  auto s = Store::open(file, &note);
  EXPECT(s);
  EXPECT(note.find("aclk.db.damaged") != std::string::npos);
  EXPECT(fs::exists(d / "aclk.db.damaged"));
  EXPECT(put(*s, PutNode{"c", {"g", "n", "h", 0}}));
  EXPECT_EQ(s->nodes("c")->size(), 1U);
  return {};
}

std::string store__impossible_place__is_an_error_with_the_file_named() {
  const auto s = Store::open("/nonexistent/aclk.db");
  EXPECT(!s);
  EXPECT(s.error().what.find("/nonexistent/aclk.db") != std::string::npos);
  return {};
}

PutAlert put_alert(std::string id, AlarmStatus status, std::uint64_t when_s, std::string entry) {
  return {.machine_guid = "g1",
          .alert = {.alert_id = std::move(id),
                    .log_id = 9,
                    .when_s = when_s,
                    .status = status,
                    .old_status = {},
                    .entry = std::move(entry)}};
}

PutTransition put_transition(Slot slot, std::uint64_t order, std::uint64_t log_id, std::int64_t due_s,
                             const std::string &entry) {
  PutTransition p{.machine_guid = "g1", .transition = {.alert = {}, .slot = slot, .order = order, .due_s = due_s}};
  p.transition.alert.alert_id = "a";
  p.transition.alert.log_id = log_id;
  p.transition.alert.entry = entry;
  return p;
}

std::string store__contexts_and_alerts__come_back_as_they_were() {
  const test::TempDir d;
  const auto entry = std::string("\x0a\x00\xff", 3);  // any bytes
  const StoredContext big{UINT64_MAX, 2, 3, 0x8000000000000001ULL};
  {
    auto s = Store::open(d / "aclk.db");
    EXPECT(s);
    EXPECT(put(*s, PutContext{"n1", "system.cpu", {5, 6, 7, 8}}));
    EXPECT(put(*s, PutContext{"n1", "system.ram", big}));
    EXPECT(put(*s, PutContext{"n1", "gone", {}}));
    EXPECT(put(*s, DropContext{"n1", "gone"}));
    EXPECT(put(*s, PutAlertLog{"g1", {77, true, false}}));
    EXPECT(put(*s, put_alert("a", AlarmStatus::warning, 100, entry)));
    EXPECT(put(*s, put_alert("b", AlarmStatus::clear, 100, entry)));
    EXPECT(put(*s, DropAlert{"g1", "b"}));
    EXPECT(put(*s, put_transition(Slot::sent, 3, 10, 0, entry)));
    EXPECT(put(*s, put_transition(Slot::pending, 0, 11, 1234, entry)));
    EXPECT(put(*s, DropTransition{"g1", "a", Slot::waiting}));
  }
  auto s = Store::open(d / "aclk.db");
  EXPECT(s);
  const auto contexts = s->contexts("n1");
  EXPECT(contexts && contexts->size() == 2);
  EXPECT(contexts->at("system.cpu") == (StoredContext{5, 6, 7, 8}));
  EXPECT(contexts->at("system.ram") == big);
  const auto alerts = s->alerts("g1");
  EXPECT(alerts && alerts->log);
  EXPECT(*alerts->log == (StoredAlertLog{77, true, false}));
  EXPECT_EQ(alerts->alerts.size(), 1U);
  EXPECT_EQ(alerts->alerts[0].alert_id, "a");
  EXPECT(alerts->alerts[0].entry == entry);
  EXPECT(alerts->alerts[0].status == AlarmStatus::warning);
  EXPECT_EQ(alerts->alerts[0].when_s, 100U);
  EXPECT_EQ(alerts->alerts[0].log_id, 9U);
  EXPECT_EQ(alerts->transitions.size(), 2U);
  const auto &sent = alerts->transitions[alerts->transitions[0].slot == Slot::sent ? 0 : 1];
  EXPECT(sent.slot == Slot::sent && sent.order == 3 && sent.alert.log_id == 10 && sent.alert.entry == entry);
  EXPECT(!s->alerts("g2")->log);
  // Another claim: the cloud was told nothing under it.
  EXPECT(s->keep_only("claim"));
  EXPECT(s->contexts("n1")->empty());
  EXPECT(!s->alerts("g1")->log);
  EXPECT(put(*s, PutContext{"n1", "system.cpu", {5, 6, 7, 8}}));
  EXPECT(s->keep_only("claim"));
  EXPECT_EQ(s->contexts("n1")->size(), 1U);
  return {};
}

std::string store__last_times__only_rise_and_outlive_the_process_the_session_id_the_claim_too() {
  const test::TempDir d;
  {
    auto s = Store::open(d / "aclk.db");
    EXPECT(s);
    EXPECT(s->keep_only("one"));
    EXPECT_EQ(*s->last_time(""), 0);
    EXPECT(put(*s, PutLastTime{"", 1'000}));
    EXPECT(put(*s, PutLastTime{"", 900}));
    EXPECT(put(*s, PutLastTime{"n1", 77}));
  }
  auto s = Store::open(d / "aclk.db");
  EXPECT(s);
  EXPECT_EQ(*s->last_time(""), 1'000);
  EXPECT_EQ(*s->last_time("n1"), 77);
  EXPECT(s->clear());
  EXPECT_EQ(*s->last_time(""), 1'000);
  EXPECT(s->keep_only("two"));
  EXPECT_EQ(*s->last_time(""), 1'000);
  EXPECT_EQ(*s->last_time("n1"), 0);
  return {};
}

std::string store__file_of_the_version_before__keeps_what_it_has_and_gets_what_is_new() {
  const test::TempDir d;
  {
    auto s = Store::open(d / "aclk.db");
    EXPECT(s && put(*s, PutNode{"c", {"g", "n", "h", 0}}));
  }
  {
    sqlite3 *raw = nullptr;
    EXPECT_EQ(sqlite3_open((d / "aclk.db").c_str(), &raw), SQLITE_OK);
    const sqlite::Database db(raw);
    EXPECT(sqlite::run(db.get(), "DROP TABLE last_time; PRAGMA user_version = 2", "make it old"));
  }
  std::string note;
  auto s = Store::open(d / "aclk.db", &note);
  EXPECT(s);
  EXPECT_EQ(note, "");
  EXPECT_EQ(s->nodes("c")->size(), 1U);
  EXPECT(put(*s, PutLastTime{"", 5}));
  EXPECT_EQ(*s->last_time(""), 5);
  return {};
}

// A sqlite3 handle of our own, for what only another version would do.
std::string by_another_version(const fs::path &file, const char *sql) {
  sqlite3 *raw = nullptr;
  EXPECT_EQ(sqlite3_open(file.c_str(), &raw), SQLITE_OK);
  const sqlite::Database db(raw);
  EXPECT(sqlite::run(db.get(), sql, "play another version"));
  return {};
}

std::string store__file_of_a_newer_version__is_refused_in_a_sentence_and_not_touched() {
  const test::TempDir d;
  const auto file = d / "aclk.db";
  {
    auto s = Store::open(file);
    EXPECT(s && put(*s, PutNode{"c", {"g", "n", "h", 0}}));
  }
  EXPECT_EQ(newer_database(file), "");
  EXPECT_EQ(by_another_version(file, "CREATE TABLE later (x); PRAGMA user_version = 99"), "");
  const auto before = *read_file(file, 1U << 20);
  std::string note;
  const auto s = Store::open(file, &note);
  EXPECT(!s);
  EXPECT(s.error().code == Errc::unsupported);
  EXPECT(
      s.error().what.starts_with(file.string() + " was written by a newer version of netdata-aclk (it has version 99"));
  EXPECT_EQ(newer_database(file), s.error().what);
  EXPECT_EQ(note, "");
  EXPECT(*read_file(file, 1U << 20) == before);
  EXPECT(!fs::exists(d / "aclk.db.damaged"));
  EXPECT_EQ(by_another_version(file, "DROP TABLE later; PRAGMA user_version = 3"), "");
  EXPECT_EQ(Store::open(file)->nodes("c")->size(), 1U);
  return {};
}

// Its tables may be of a kind that this version's SQLite does not know, which looks as if it were damaged.
std::string store__file_of_a_newer_version_with_tables_nobody_knows__is_no_damaged_one() {
  const test::TempDir d;
  const auto file = d / "aclk.db";
  EXPECT(Store::open(file));
  EXPECT_EQ(by_another_version(file,
                               "PRAGMA writable_schema = ON;"
                               "UPDATE sqlite_schema SET sql = 'CREATE TABLE node OF THE FUTURE' WHERE name = 'node';"
                               "PRAGMA user_version = 4"),
            "");
  const auto s = Store::open(file);
  EXPECT(!s);
  EXPECT(s.error().code == Errc::unsupported);
  EXPECT(!fs::exists(d / "aclk.db.damaged"));
  return {};
}

std::string newer_database__of_what_is_none__is_empty() {
  const test::TempDir d;
  EXPECT_EQ(newer_database(d / "missing"), "");
  EXPECT(write_file_atomically(d / "short", "SQLite format 3", 0600));
  EXPECT_EQ(newer_database(d / "short"), "");
  EXPECT(write_file_atomically(d / "other", std::string(200, 'x'), 0600));
  EXPECT_EQ(newer_database(d / "other"), "");
  EXPECT_EQ(::mkfifo((d / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(newer_database(d / "pipe"), "");
  return {};
}

std::string store__many_changes__do_not_make_the_log_many_times_the_database() {
  const test::TempDir d;
  auto s = Store::open(d / "aclk.db");
  EXPECT(s);
  const std::string entry(3000, 'x');
  std::uintmax_t longest = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    EXPECT(put(*s, put_alert("a", AlarmStatus::warning, i, entry)));
    longest = std::max(longest, fs::file_size(d / "aclk.db-wal"));
  }
  EXPECT(longest < 512U << 10);
  // What one transaction needs is cut again with the next ones.
  std::map<std::string, Change> many;
  for (int i = 0; i < 300; ++i) {
    Change c = put_alert(std::to_string(i), AlarmStatus::warning, 1, entry);
    auto row = row_of(c);
    many.emplace(std::move(row), std::move(c));
  }
  EXPECT(s->apply(many));
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT(put(*s, put_alert("a", AlarmStatus::warning, i, entry)));
  EXPECT(fs::file_size(d / "aclk.db-wal") < 512U << 10);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(store__last_times__only_rise_and_outlive_the_process_the_session_id_the_claim_too),
    ACLK_TEST(store__file_of_the_version_before__keeps_what_it_has_and_gets_what_is_new),
    ACLK_TEST(store__file_of_a_newer_version__is_refused_in_a_sentence_and_not_touched),
    ACLK_TEST(store__file_of_a_newer_version_with_tables_nobody_knows__is_no_damaged_one),
    ACLK_TEST(newer_database__of_what_is_none__is_empty),
    ACLK_TEST(store__many_changes__do_not_make_the_log_many_times_the_database),
    ACLK_TEST(store__contexts_and_alerts__come_back_as_they_were),
    ACLK_TEST(store__opened_again__remembers_by_claim),
    ACLK_TEST(store__damaged_file__is_set_aside_with_a_note),
    ACLK_TEST(store__impossible_place__is_an_error_with_the_file_named),
};

}  // namespace
}  // namespace test_store

int run_store_tests() { return cmocka_run_group_tests_name("store", test_store::tests, nullptr, nullptr); }
