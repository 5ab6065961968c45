// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/target.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace {

constexpr std::chrono::sys_seconds kNow{std::chrono::seconds(1795200000)};

std::string sent(const std::string &target, Generation g = Generation::v1) {
  const auto p = prepare_target("GET", target, g, kNow);
  return p.refused != 0 ? std::to_string(p.refused) : p.target;
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

std::string points__too_many__get_a_bound_at_the_end() {
  EXPECT_EQ(sent("/api/v1/data?context=apps.*&after=-86400&points=86400"),
            "/api/v1/data?context=apps.*&after=-86400&points=86400&points=4000");
  EXPECT_EQ(sent("/api/v1/data?chart=system.cpu&points=86400"),
            "/api/v1/data?chart=system.cpu&points=86400&points=20000");
  EXPECT_EQ(sent("/api/v2/data?scope_contexts=*&points=4001", Generation::v2),
            "/api/v2/data?scope_contexts=*&points=4001&points=4000");
  EXPECT_EQ(sent("/api/v1/weights?points=5000"), "/api/v1/weights?points=5000&points=4000");
  EXPECT_EQ(sent("/api/v1/data?chart=x&points=-1"), "/api/v1/data?chart=x&points=-1&points=20000");
  EXPECT_EQ(sent("/api/v1/data?chart=x&points=99999999999999999999"),
            "/api/v1/data?chart=x&points=99999999999999999999&points=20000");
  return {};
}

std::string points__missing_in_a_large_window__get_a_bound() {
  for (const std::string t :
       {"/api/v1/data?context=x&after=-86400", "/api/v1/data?context=x&after=86400", "/api/v1/data?context=x&after=0",
        "/api/v1/data?context=x&after=1795000000", "/api/v1/data?context=x&after=1795000000&before=-10",
        "/api/v1/data?context=x&after=-86400&points=0",
        "/api/v1/data?context=x&after=-86400&points=", "/api/v1/data?context=x&after=-99999999999"})
    EXPECT_EQ(sent(t), t + "&points=4000");
  EXPECT_EQ(sent("/api/v1/data?chart=x&context=y&after=-86400"),
            "/api/v1/data?chart=x&context=y&after=-86400&points=4000");
  EXPECT_EQ(sent("/api/v1/data?chart=x*&after=-86400"), "/api/v1/data?chart=x*&after=-86400&points=4000");
  return {};
}

std::string points__hidden_by_encoding__are_seen() {
  const auto ends_bounded = [](const std::string &t) {
    const auto s = sent(t);
    return s == t + "&points=4000" || s == t + "&points=20000";
  };
  EXPECT(ends_bounded("/api/v1/data?context=x&poin%74s=86400"));
  EXPECT(ends_bounded("/api/v1/data?context=x%26points=86400"));
  EXPECT(ends_bounded("/api/v1/data?context=x&points=%38%36400"));
  EXPECT(ends_bounded("/api/v1/d%61ta?context=x&points=86400"));
  EXPECT(ends_bounded("/api/v1/data?points=10&context=x&points=86400"));
  return {};
}

std::string target__malformed__is_refused() {
  for (const std::string t : {"", "api/v1/info", "/api/v1/info x", "/api/v1/info\r\nX: y",
                              "/api/v1/data%3Fpoints=86400", "/api/v1/data%26a", "/api/v1/data%00", "/api/v1/data%23"})
    EXPECT_EQ(sent(t), "400");
  return {};
}

std::string target__other_methods__are_for_2_x_only() {
  for (const std::string m : {"POST", "PUT", "DELETE"}) {
    EXPECT_EQ(prepare_target(m, "/api/v1/function?function=x", Generation::v1, kNow).refused, 400);
    EXPECT_EQ(prepare_target(m, "/api/v1/function?function=x", Generation::v2, kNow).refused, 0);
  }
  return {};
}

std::string target__too_long__is_refused_by_what_the_agent_can_take() {
  EXPECT_EQ(sent("/api/v1/info?" + std::string(8001, 'x')), "414");
  EXPECT(sent("/api/v1/info?" + std::string(7990, 'x')) != "414");
  EXPECT_EQ(sent("/api/v1/info?" + std::string(8001, 'x'), Generation::v2).size(), 8014U);
  EXPECT_EQ(sent("/api/v1/info?" + std::string(130'000, 'x'), Generation::v2), "414");
  std::string encoded;
  for (int i = 0; i < 4000; ++i) encoded += "%41";
  EXPECT(sent("/api/v1/info?" + encoded) != "414");  // 4000 bytes for the agent
  for (int i = 0; i < 2000; ++i) encoded += "%41";
  EXPECT_EQ(sent("/api/v1/info?" + encoded), "414");  // but the request would be too long
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(points__of_a_small_query__are_not_touched),
    ACLK_TEST(points__too_many__get_a_bound_at_the_end),
    ACLK_TEST(points__missing_in_a_large_window__get_a_bound),
    ACLK_TEST(points__hidden_by_encoding__are_seen),
    ACLK_TEST(target__malformed__is_refused),
    ACLK_TEST(target__other_methods__are_for_2_x_only),
    ACLK_TEST(target__too_long__is_refused_by_what_the_agent_can_take),
};

}  // namespace

int target_tests() { return cmocka_run_group_tests_name("target", tests, nullptr, nullptr); }

}  // namespace aclk::external::test
