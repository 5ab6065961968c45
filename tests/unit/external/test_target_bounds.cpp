// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/target_bounds.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_target_bounds {
namespace {

constexpr std::chrono::sys_seconds kNow{std::chrono::seconds(1795200000)};

std::string sent(const std::string &target) {
  const auto bounded = bound_target(HttpMethod::get, target, kNow);
  return bounded ? *bounded : std::to_string(bounded.error().status);
}

std::string points__of_a_small_query__are_not_touched() {
  for (const std::string t :
       {"/api/v1/info", "/api/v1/data?chart=system.cpu", "/api/v1/data?chart=system.cpu&after=-60",
        "/api/v1/data?chart=system.cpu&after=-86400&points=60", "/api/v1/data?context=x&after=-86400&points=4000",
        "/api/v2/data?contexts=*&after=-600&points=100", "/api/v1/data?chart=x&after=1795199000&before=1795199100",
        "/api/v1/charts", "/api/v1/weights?method=ks2&after=-86400", "/api/v1/data?chart=x&after=-86400&points=20000",
        "/api/v1/allmetrics?points=999999", "/api/v1/badge.svg?chart=x&after=-86400", "/api/v1/data"})
    EXPECT(sent(t) == t);
  return {};
}

std::string points__too_many__are_bounded_in_their_place() {
  EXPECT_EQ(sent("/api/v1/data?context=apps.*&points=86400&after=-86400"),
            "/api/v1/data?context=apps.*&points=4000&after=-86400");
  EXPECT_EQ(sent("/api/v1/data?chart=system.cpu&points=86400"), "/api/v1/data?chart=system.cpu&points=20000");
  EXPECT_EQ(sent("/api/v2/data?scope_contexts=*&points=4001"), "/api/v2/data?scope_contexts=*&points=4000");
  EXPECT_EQ(sent("/api/v1/weights?points=5000"), "/api/v1/weights?points=4000");
  EXPECT_EQ(sent("/api/v1/data?chart=x&points=2147483647"), "/api/v1/data?chart=x&points=20000");
  EXPECT_EQ(sent("/api/v1/data?context=x&points=0&after=-86400"), "/api/v1/data?context=x&points=4000&after=-86400");
  return {};
}

std::string points__missing_in_a_large_window__get_a_bound_at_the_end() {
  for (const std::string t :
       {"/api/v1/data?context=x&after=-86400", "/api/v1/data?context=x&after=86400", "/api/v1/data?context=x&after=0",
        "/api/v1/data?context=x&after=1795000000", "/api/v1/data?context=x&after=1795000000&before=-10",
        "/api/v1/data?context=x&after=-99999999999", "/api/v1/data?context=x&after=-4000"})
    EXPECT_EQ(sent(t), t + "&points=4000");
  EXPECT_EQ(sent("/api/v1/data?chart=x&context=y&after=-86400"),
            "/api/v1/data?chart=x&context=y&after=-86400&points=4000");
  EXPECT_EQ(sent("/api/v1/data?chart=x*&after=-86400"), "/api/v1/data?chart=x*&after=-86400&points=4000");
  EXPECT_EQ(sent("/api/v1/data?chart=x%7Cy&after=-86400"), "/api/v1/data?chart=x%7Cy&after=-86400&points=4000");
  return {};
}

std::string points__written_in_escapes__are_understood_and_written_plainly() {
  EXPECT_EQ(sent("/api/v1/data?context=x&poin%74s=86400"), "/api/v1/data?context=x&points=4000");
  EXPECT_EQ(sent("/api/v1/data?context=x&points=%38%36400"), "/api/v1/data?context=x&points=4000");
  EXPECT_EQ(sent("/api/v1/data?context=x&points=%31%30&after=%2D060"), "/api/v1/data?context=x&points=10&after=-60");
  EXPECT_EQ(sent("/api/v1/d%61ta?context=x&points=86400"), "/api/v1/data?context=x&points=4000");
  return {};
}

std::string points__that_the_agent_does_not_see__do_not_count() {
  for (const std::string unseen : {"POINTS=10", "Points=10", "points%20=10", "+points=10", "xpoints=10", "?points=10"})
    EXPECT_EQ(sent("/api/v1/data?context=x&after=-86400&" + unseen),
              "/api/v1/data?context=x&after=-86400&" + unseen + "&points=4000");
  return {};
}

std::string query__of_two_readings__is_refused_with_the_parameter_s_name() {
  for (const std::string t : {"points=+10",
                              "points=%2B10",
                              "points=%2b10",
                              "points=%2010",
                              "points=10%20",
                              "points=10x",
                              "points=0x10",
                              "points=1e1",
                              "points=-10",
                              "points=--10",
                              "points=",
                              "points",
                              "points=10=20",
                              "points=10%3D20",
                              "points=99999999999999999999",
                              "points=18446744073709551626",
                              "points=4294967306",
                              "points=%2531%2530",
                              "points=%EF%BC%91",
                              "points=10;points=500",
                              "points=10;",
                              "context=x;points=10",
                              "context=x%3Bpoints=10",
                              "x=1;points=10",
                              "points=10&points=20",
                              "points=10&poin%74s=20",
                              "points=&points=10",
                              "context=x%26points=10",
                              "points=10%26",
                              "points%3D10",
                              "x%3Dpoints=10",
                              "=points=10",
                              "%3Dpoints=10",
                              "poi%256ets=10",
                              "after=+-100",
                              "after=%2B100",
                              "after=--100",
                              "after=-",
                              "after=-18446744073709551716",
                              "after=1e9",
                              "before=+1",
                              "gtime=+1",
                              "timeout=+1",
                              "timeout=-1",
                              "timeout=4294967297",
                              "tier=+1",
                              "baseline_after=+1",
                              "baseline_before=x",
                              "chart=x&chart=*",
                              "contexts=x&contexts=*",
                              "points=1%00",
                              "points=1%zz",
                              "x=%"}) {
    const auto bounded = bound_target(HttpMethod::get, "/api/v1/data?" + t, kNow);
    EXPECT_EQ(t + " " + (bounded ? *bounded : std::to_string(bounded.error().status)), t + " 400");
    EXPECT(bounded.error().body.size() > 20);
  }
  const auto named = bound_target(HttpMethod::get, "/api/v1/data?points=%2B10", kNow);
  EXPECT(!named && named.error().body.find("points") != std::string::npos);
  return {};
}

std::string query__of_other_parameters__stays() {
  for (const std::string t :
       {"/api/v1/data?chart=a.b&format=json&options=ms%7Cflip&_=17&dimensions=a%7Cb%20c&x=100%25&label=%3Da",
        "/api/v1/data?chart=a.b&tqx=version:0.6;reqId:0;sig:1;out:json", "/api/v1/allmetrics?format=shell&filter=%2A",
        "/api/v1/alarms?all", "/api/v1/data?chart=a.b&points=10&group=average+x&=", "/api/v1/alarm_log?after=17"})
    EXPECT_EQ(sent(t), t.ends_with("&=") ? "400" : t);
  EXPECT_EQ(sent("/api/v1/alarms?&&all&"), "/api/v1/alarms?all");
  return {};
}

std::string target__malformed__is_refused() {
  for (const std::string t :
       {"", "api/v1/info", "/api/v1/info x", "/api/v1/info\r\nX: y", "/api/v1/data%3Fpoints=86400", "/api/v1/data%26a",
        "/api/v1/data%00", "/api/v1/data%23", "/api/v1/+data", "/api/v1/data%20", "/api/v1/data%3B", "/api/v1/data%2"})
    EXPECT_EQ(sent(t), "400");
  return {};
}

std::string target__other_methods_than_get__are_refused() {
  for (const auto m : {HttpMethod::post, HttpMethod::put, HttpMethod::del})
    EXPECT_EQ(bound_target(m, "/api/v1/function?function=x", kNow).error().status, 400);
  return {};
}

std::string target__too_long__is_refused_by_what_the_agent_can_take() {
  EXPECT_EQ(sent("/api/v1/info?" + std::string(8001, 'x')), "414");
  EXPECT(sent("/api/v1/info?" + std::string(7990, 'x')) != "414");
  std::string encoded;
  for (int i = 0; i < 4000; ++i) encoded += "%41";
  EXPECT(sent("/api/v1/info?" + encoded) != "414");  // 4000 bytes for the agent
  for (int i = 0; i < 2000; ++i) encoded += "%41";
  EXPECT_EQ(sent("/api/v1/info?" + encoded), "414");  // but the request would be too long
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(points__of_a_small_query__are_not_touched),
    ACLK_TEST(points__too_many__are_bounded_in_their_place),
    ACLK_TEST(points__missing_in_a_large_window__get_a_bound_at_the_end),
    ACLK_TEST(points__written_in_escapes__are_understood_and_written_plainly),
    ACLK_TEST(points__that_the_agent_does_not_see__do_not_count),
    ACLK_TEST(query__of_two_readings__is_refused_with_the_parameter_s_name),
    ACLK_TEST(query__of_other_parameters__stays),
    ACLK_TEST(target__malformed__is_refused),
    ACLK_TEST(target__other_methods_than_get__are_refused),
    ACLK_TEST(target__too_long__is_refused_by_what_the_agent_can_take),
};

}  // namespace
}  // namespace test_target_bounds

int target_tests() { return cmocka_run_group_tests_name("target", test_target_bounds::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
