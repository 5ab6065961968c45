// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which session is offered to whom, and for how long.
#include <openssl/ssl.h>

#include "aclk/net/reach_memory.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/net/suites.h"

namespace aclk::test {
namespace test_session_cache {
namespace {

using net::SessionCache;
using net::SharedSession;

constexpr std::int64_t kNow = 1'700'000'000;

SharedSession session() { return {SSL_SESSION_new(), SSL_SESSION_free}; }

std::string shelf__sessions_of_a_peer__are_taken_newest_first_and_once() {
  SessionCache cache;
  const auto a = session();
  const auto b = session();
  cache.put("cloud", a, kNow, kNow + 60);
  cache.put("cloud", b, kNow + 1, kNow + 60);
  EXPECT(cache.take("cloud", kNow + 2) == b);
  EXPECT(cache.take("cloud", kNow + 2) == a);
  EXPECT(cache.take("cloud", kNow + 2) == nullptr);
  return {};
}

std::string shelf__another_peer__gets_nothing() {
  SessionCache cache;
  cache.put("cloud", session(), kNow, kNow + 60);
  EXPECT(cache.take("broker", kNow) == nullptr);
  EXPECT_EQ(cache.count("cloud"), 1U);
  return {};
}

std::string shelf__session_past_its_time__is_not_offered() {
  SessionCache cache;
  cache.put("cloud", session(), kNow, kNow + 60);
  EXPECT(cache.take("cloud", kNow + 60) == nullptr);
  cache.put("cloud", session(), kNow, kNow);
  EXPECT_EQ(cache.count("cloud"), 0U);
  return {};
}

std::string shelf__session_for_a_week__is_offered_for_a_day() {
  SessionCache cache;
  cache.put("cloud", session(), kNow, kNow + 7 * 86'400);
  cache.put("broker", session(), kNow, kNow + 7 * 86'400);
  EXPECT(cache.take("cloud", kNow + SessionCache::kLongestS - 1) != nullptr);
  EXPECT(cache.take("broker", kNow + SessionCache::kLongestS) == nullptr);
  return {};
}

std::string shelf__clock_set_back_before_the_session__offers_it_no_more() {
  SessionCache cache;
  cache.put("cloud", session(), kNow, kNow + 60);
  EXPECT(cache.take("cloud", kNow - 3600) == nullptr);
  return {};
}

std::string shelf__too_many_of_a_peer__the_oldest_goes() {
  SessionCache cache;
  const auto oldest = session();
  cache.put("cloud", oldest, kNow, kNow + 60);
  for (std::size_t i = 0; i < SessionCache::kMostOfPeer; ++i) cache.put("cloud", session(), kNow + 1, kNow + 60);
  EXPECT_EQ(cache.count("cloud"), SessionCache::kMostOfPeer);
  while (const auto s = cache.take("cloud", kNow + 1)) EXPECT(s != oldest);
  return {};
}

std::string shelf__too_many_peers__the_one_not_seen_for_longest_goes() {
  SessionCache cache;
  for (std::size_t i = 0; i <= SessionCache::kMostPeers; ++i)
    cache.put(std::to_string(i), session(), kNow + static_cast<std::int64_t>(i), kNow + 600);
  EXPECT_EQ(cache.count("0"), 0U);
  EXPECT_EQ(cache.count("1"), 1U);
  EXPECT_EQ(cache.count(std::to_string(SessionCache::kMostPeers)), 1U);
  return {};
}

std::string shelf__dropped_or_cleared__has_nothing_left() {
  SessionCache cache;
  cache.put("cloud", session(), kNow, kNow + 60);
  cache.put("broker", session(), kNow, kNow + 60);
  cache.drop("cloud");
  EXPECT(cache.count("cloud") == 0U && cache.count("broker") == 1U);
  cache.clear();
  EXPECT_EQ(cache.count("broker"), 0U);
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
}  // namespace test_session_cache

int session_cache_suite() {
  return cmocka_run_group_tests_name("session_cache", test_session_cache::tests, nullptr, nullptr);
}

}  // namespace aclk::test
