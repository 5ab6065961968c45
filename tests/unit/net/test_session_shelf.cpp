// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which session is offered to whom, and for how long.
#include <openssl/ssl.h>

#include "aclk/net/reach_memory.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/net/suites.h"

namespace aclk::test {
namespace test_session_shelf {
namespace {

using net::SessionShelf;
using net::SharedSession;

constexpr std::int64_t kNow = 1'700'000'000;

SharedSession session() { return {SSL_SESSION_new(), SSL_SESSION_free}; }

std::string shelf__sessions_of_a_peer__are_taken_newest_first_and_once() {
  SessionShelf shelf;
  const auto a = session();
  const auto b = session();
  shelf.put("cloud", a, kNow, kNow + 60);
  shelf.put("cloud", b, kNow + 1, kNow + 60);
  EXPECT(shelf.take("cloud", kNow + 2) == b);
  EXPECT(shelf.take("cloud", kNow + 2) == a);
  EXPECT(shelf.take("cloud", kNow + 2) == nullptr);
  return {};
}

std::string shelf__another_peer__gets_nothing() {
  SessionShelf shelf;
  shelf.put("cloud", session(), kNow, kNow + 60);
  EXPECT(shelf.take("broker", kNow) == nullptr);
  EXPECT_EQ(shelf.count("cloud"), 1U);
  return {};
}

std::string shelf__session_past_its_time__is_not_offered() {
  SessionShelf shelf;
  shelf.put("cloud", session(), kNow, kNow + 60);
  EXPECT(shelf.take("cloud", kNow + 60) == nullptr);
  shelf.put("cloud", session(), kNow, kNow);
  EXPECT_EQ(shelf.count("cloud"), 0U);
  return {};
}

std::string shelf__session_for_a_week__is_offered_for_a_day() {
  SessionShelf shelf;
  shelf.put("cloud", session(), kNow, kNow + 7 * 86'400);
  shelf.put("broker", session(), kNow, kNow + 7 * 86'400);
  EXPECT(shelf.take("cloud", kNow + SessionShelf::kLongestS - 1) != nullptr);
  EXPECT(shelf.take("broker", kNow + SessionShelf::kLongestS) == nullptr);
  return {};
}

std::string shelf__clock_set_back_before_the_session__offers_it_no_more() {
  SessionShelf shelf;
  shelf.put("cloud", session(), kNow, kNow + 60);
  EXPECT(shelf.take("cloud", kNow - 3600) == nullptr);
  return {};
}

std::string shelf__too_many_of_a_peer__the_oldest_goes() {
  SessionShelf shelf;
  const auto oldest = session();
  shelf.put("cloud", oldest, kNow, kNow + 60);
  for (std::size_t i = 0; i < SessionShelf::kMostOfPeer; ++i) shelf.put("cloud", session(), kNow + 1, kNow + 60);
  EXPECT_EQ(shelf.count("cloud"), SessionShelf::kMostOfPeer);
  while (const auto s = shelf.take("cloud", kNow + 1)) EXPECT(s != oldest);
  return {};
}

std::string shelf__too_many_peers__the_one_not_seen_for_longest_goes() {
  SessionShelf shelf;
  for (std::size_t i = 0; i <= SessionShelf::kMostPeers; ++i)
    shelf.put(std::to_string(i), session(), kNow + static_cast<std::int64_t>(i), kNow + 600);
  EXPECT_EQ(shelf.count("0"), 0U);
  EXPECT_EQ(shelf.count("1"), 1U);
  EXPECT_EQ(shelf.count(std::to_string(SessionShelf::kMostPeers)), 1U);
  return {};
}

std::string shelf__dropped_or_cleared__has_nothing_left() {
  SessionShelf shelf;
  shelf.put("cloud", session(), kNow, kNow + 60);
  shelf.put("broker", session(), kNow, kNow + 60);
  shelf.drop("cloud");
  EXPECT(shelf.count("cloud") == 0U && shelf.count("broker") == 1U);
  shelf.clear();
  EXPECT_EQ(shelf.count("broker"), 0U);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(shelf__sessions_of_a_peer__are_taken_newest_first_and_once),
    ACLK_TEST(shelf__another_peer__gets_nothing),
    ACLK_TEST(shelf__session_past_its_time__is_not_offered),
    ACLK_TEST(shelf__session_for_a_week__is_offered_for_a_day),
    ACLK_TEST(shelf__clock_set_back_before_the_session__offers_it_no_more),
    ACLK_TEST(shelf__too_many_of_a_peer__the_oldest_goes),
    ACLK_TEST(shelf__too_many_peers__the_one_not_seen_for_longest_goes),
    ACLK_TEST(shelf__dropped_or_cleared__has_nothing_left),
};

}  // namespace
}  // namespace test_session_shelf

int session_shelf_suite() {
  return cmocka_run_group_tests_name("session_shelf", test_session_shelf::tests, nullptr, nullptr);
}

}  // namespace aclk::test
