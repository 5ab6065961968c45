// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "aclk/loop/clock.h"
#include "aclk/loop/loop.h"
#include "aclk/sync/store/write_behind_store.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/host_table.h"
#include "tests/unit/sync/tests.h"
#include "tests/unit/temp_dir.h"

namespace test_write_behind_store {
using namespace aclk;
using namespace aclk::sync;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr WriteBehindStore::Pace kFast{5ms, 20ms};

void turn_until(loop::Loop &turning, const std::function<bool()> &done) {
  const auto deadline = loop::now() + 5s;
  while (!done() && loop::now() < deadline) uv_run(&turning.uv(), UV_RUN_ONCE);
}

std::string write_behind__added__is_written_soon_and_found_again() {
  const test::TempDir d;
  const test::HostTable host;
  loop::Loop loop;
  {
    WriteBehindStore l(loop.uv(), host.log(), d / "aclk.db", "claim", kFast);
    l.add(PutContext{"n", "a", {1, 2, 3, 4}});
    turn_until(loop, [&] { return Store::open(d / "aclk.db")->contexts("n")->size() == 1; });
    l.add(PutContext{"n", "b", {1, 2, 3, 4}});  // the end of it writes too
  }
  loop.drain();
  WriteBehindStore again(loop.uv(), host.log(), d / "aclk.db", "claim", kFast);
  EXPECT_EQ(again.contexts("n").size(), 2U);
  EXPECT_EQ(again.trouble(), "");
  return {};
}

std::string write_behind__no_place_to_write__keeps_all_and_writes_it_when_there_is_one() {
  const test::TempDir d;
  const test::HostTable host;
  loop::Loop loop;
  {
    WriteBehindStore l(loop.uv(), host.log(), d / "later/aclk.db", "claim", kFast);
    EXPECT(l.trouble().find("later/aclk.db") != std::string::npos);
    l.add(PutContext{"n", "a", {1, 2, 3, 4}});
    EXPECT(!l.commit());
    EXPECT_EQ(l.contexts("n").size(), 0U);
    fs::create_directory(d / "later");
    turn_until(loop, [&] { return l.trouble().empty(); });
    EXPECT_EQ(l.trouble(), "");
    EXPECT_EQ(l.contexts("n").size(), 1U);
    EXPECT(l.commit());
  }
  loop.drain();
  return {};
}

PutAlert put_told(const std::string &guid, const std::string &id, std::uint64_t when_s) {
  PutAlert p{.machine_guid = guid, .alert = {}};
  p.alert.alert_id = id;
  p.alert.when_s = when_s;
  return p;
}

std::string write_behind__told_alerts__are_those_of_now_whether_they_could_be_written_or_not() {
  const test::TempDir d;
  const test::HostTable host;
  loop::Loop loop;
  const auto told = [](WriteBehindStore &l) {
    std::string s;
    for (const auto &a : l.told_alerts("m")) s += a.alert_id + std::to_string(a.when_s) + " ";
    return s;
  };
  {
    WriteBehindStore l(loop.uv(), host.log(), d / "aclk.db", "claim", kFast);
    l.add(put_told("m", "a", 10));
    l.add(put_told("m", "b", 20));
    EXPECT(l.commit());
    l.add(DropAlert{"m", "a"});
    l.add(put_told("m", "b", 21));
    l.add(put_told("other", "c", 30));
    EXPECT_EQ(told(l), "b21 ");
    EXPECT(l.commit());
    EXPECT_EQ(told(l), "b21 ");
  }
  {
    WriteBehindStore l(loop.uv(), host.log(), d / "nowhere/aclk.db", "claim", kFast);
    l.add(put_told("m", "a", 10));
    EXPECT(!l.commit());
    EXPECT_EQ(told(l), "a10 ");
  }
  loop.drain();
  return {};
}

std::string write_behind__session_ids__rise_over_a_restart_with_an_earlier_clock() {
  constexpr std::int64_t kYear = std::int64_t{366} * 86'400 * 1'000'000;
  const test::TempDir d;
  const test::HostTable host;
  loop::Loop loop;
  const auto id = [&](std::int64_t now_us, const char *claim = "claim") {
    return WriteBehindStore(loop.uv(), host.log(), d / "aclk.db", claim, kFast).new_session_id(now_us);
  };
  EXPECT_EQ(id(5 * kYear), 5 * kYear);
  EXPECT_EQ(id(5 * kYear + 7), 5 * kYear + 7);
  EXPECT_EQ(id(4 * kYear), 5 * kYear + 8);
  EXPECT_EQ(id(4 * kYear, "another claim"), 5 * kYear + 9);
  // The clock was years ahead once: on from there until it has come there.
  EXPECT_EQ(id(50 * kYear), 50 * kYear);
  EXPECT_EQ(id(5 * kYear), 50 * kYear + 1);
  EXPECT_EQ(id(6 * kYear), 50 * kYear + 2);
  EXPECT_EQ(id(51 * kYear), 51 * kYear);
  {
    WriteBehindStore l(loop.uv(), host.log(), d / "aclk.db", "claim", kFast);
    EXPECT_EQ(l.new_session_id(1), 51 * kYear + 1);
    EXPECT_EQ(l.new_session_id(1), 51 * kYear + 2);
    EXPECT_EQ(Store::open(d / "aclk.db")->last_time("").value(), 51 * kYear + 2);  // before anybody is told
  }
  loop.drain();
  return {};
}

std::string write_behind__session_ids__rise_while_nothing_can_be_written_and_above_what_is_found_there_later() {
  const test::TempDir d;
  const test::HostTable host;
  loop::Loop loop;
  {
    WriteBehindStore l(loop.uv(), host.log(), d / "later/aclk.db", "claim", kFast);
    EXPECT_EQ(l.new_session_id(1'000), 1'000);
    EXPECT_EQ(l.new_session_id(900), 1'001);
    fs::create_directory(d / "later");
    Change before = PutLastTime{"", 2'000};
    auto row = row_of(before);
    EXPECT(Store::open(d / "later/aclk.db")->apply({{std::move(row), std::move(before)}}));
    turn_until(loop, [&] { return l.trouble().empty(); });
    EXPECT_EQ(l.new_session_id(900), 2'001);
  }
  loop.drain();
  return {};
}

std::string write_behind__last_session_id_after_which_there_is_none__is_forgotten() {
  EXPECT_EQ(loop::next_rising(1'000, INT64_MAX), 1'000);
  EXPECT_EQ(loop::next_rising(1'000, INT64_MAX - 1), INT64_MAX);
  EXPECT_EQ(loop::next_rising(1'000, 0), 1'000);
  return {};
}

std::string write_behind__other_claim__begins_empty() {
  const test::TempDir d;
  const test::HostTable host;
  loop::Loop loop;
  for (const char *claim : {"one", "two"}) {
    WriteBehindStore l(loop.uv(), host.log(), d / "aclk.db", claim, kFast);
    EXPECT_EQ(l.contexts("n").size(), 0U);
    EXPECT_EQ(l.nodes().size(), 0U);
    l.add(PutContext{"n", "a", {1, 2, 3, 4}});
    l.add(PutNode{claim, {"g", "n", "h", 0}});
  }
  loop.drain();
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(write_behind__added__is_written_soon_and_found_again),
    ACLK_TEST(write_behind__no_place_to_write__keeps_all_and_writes_it_when_there_is_one),
    ACLK_TEST(write_behind__told_alerts__are_those_of_now_whether_they_could_be_written_or_not),
    ACLK_TEST(write_behind__other_claim__begins_empty),
    ACLK_TEST(write_behind__session_ids__rise_over_a_restart_with_an_earlier_clock),
    ACLK_TEST(write_behind__session_ids__rise_while_nothing_can_be_written_and_above_what_is_found_there_later),
    ACLK_TEST(write_behind__last_session_id_after_which_there_is_none__is_forgotten),
};

}  // namespace
}  // namespace test_write_behind_store

int run_write_behind_store_tests() {
  return cmocka_run_group_tests_name("store", test_write_behind_store::tests, nullptr, nullptr);
}
