// SPDX-License-Identifier: GPL-3.0-or-later
//
// Paths: every row of aclk/query/README.md, "Paths", and what must not be mistaken for something else.
#include <string>

#include "aclk/query/cmd_request.h"
#include "aclk/query/target.h"
#include "claim/base/text.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/query/fake_nodes.h"
#include "tests/unit/query/tests.h"
#include "tests/unit/random_steps.h"

namespace test_target {
using namespace aclk;
using namespace aclk::query;
using namespace aclk::query::test;

namespace {

const FakeNodes kNodes;

// "guid /target" or "status body".
std::string where(const std::string &raw) {
  const auto r = CheckedTarget::check(HttpMethod::get, raw, kNodes, Scope::full);
  if (const auto *f = std::get_if<CheckedTarget>(&r)) return f->machine_guid() + " " + f->text();
  const auto &a = std::get<HttpResponse>(r);
  return std::to_string(a.status) + " " + a.body;
}
std::string child(const std::string &target) { return std::string(kChildGuid) + " " + target; }
std::string uuid(const char *u) { return u; }

constexpr auto kUnknown = "404 Unknown API endpoint.";
constexpr auto kBadUrl = "400 URL not valid. I don't understand you...";
constexpr auto kNoHost = "404 This netdata does not maintain a database for host: ";

std::string target__api_path__is_the_local_node() {
  for (const auto *v : {"v1", "v2", "v3"})
    EXPECT_EQ(where(std::string("/api/") + v + "/data?after=-60&x=%20y"),
              std::string(" /api/") + v + "/data?after=-60&x=%20y");
  EXPECT_EQ(where("/api/v1/info"), " /api/v1/info");
  EXPECT_EQ(where("/api/v1/info?"), " /api/v1/info");
  return {};
}

std::string target__node_prefix__is_node_id_then_machine_guid_then_host_name() {
  EXPECT_EQ(where("/node/" + uuid(kChildNode) + "/api/v1/info"), child("/api/v1/info"));
  EXPECT_EQ(where("/node/" + uuid(kChildGuid) + "/api/v1/info"), child("/api/v1/info"));
  EXPECT_EQ(where("/node/child/api/v1/info"), child("/api/v1/info"));
  EXPECT_EQ(where("/node/" + uuid(kBoth) + "/api/v1/info"), child("/api/v1/info"));
  EXPECT_EQ(where("/node/" + uuid(kLocalNode) + "/api/v1/info"), " /api/v1/info");
  EXPECT_EQ(where("/node/localhost/api/v1/info"), " /api/v1/info");
  return {};
}

std::string target__host_prefix__is_machine_guid_then_node_id_then_host_name() {
  EXPECT_EQ(where("/host/" + uuid(kChildGuid) + "/api/v1/info"), child("/api/v1/info"));
  EXPECT_EQ(where("/host/" + uuid(kChildNode) + "/api/v1/info"), child("/api/v1/info"));
  EXPECT_EQ(where("/host/child/api/v1/info"), child("/api/v1/info"));
  EXPECT_EQ(where("/host/" + uuid(kBoth) + "/api/v1/info"), " /api/v1/info");
  return {};
}

std::string target__uuid_in_any_case__is_found() {
  EXPECT_EQ(where("/node/BBBBBBBB-BBBB-4BBB-8bbb-bbbbbbbbbbbb/api/v1/info"), child("/api/v1/info"));
  EXPECT_EQ(where("/node/bbbbbbbbbbbb4bbb8bbbbbbbbbbbbbbb/api/v1/info"), child("/api/v1/info"));
  return {};
}

std::string target__several_prefixes__are_allowed_behind_local_ones_only() {
  const auto local = "/host/" + uuid(kLocalGuid);
  EXPECT_EQ(where(local + "/node/" + kChildNode + "/api/v1/info"), child("/api/v1/info"));
  EXPECT_EQ(where(local + "/host/parent/node/localhost/api/v1/info"), " /api/v1/info");
  EXPECT_EQ(where("/node/child/host/parent/api/v1/info"), "400 Nesting of hosts is not allowed.");
  EXPECT_EQ(where("/node/child/node/child/api/v1/info"), "400 Nesting of hosts is not allowed.");
  EXPECT_EQ(where("/node/child/node/nobody/api/v1/info"), "400 Nesting of hosts is not allowed.");
  return {};
}

std::string target__prefix_with_nothing_behind__is_redirected_to_a_slash() {
  const auto location = [](const std::string &raw) {
    const auto r = CheckedTarget::check(HttpMethod::get, raw, kNodes, Scope::full);
    const auto *a = std::get_if<HttpResponse>(&r);
    return a == nullptr ? std::string("forwarded") : std::to_string(a->status) + " " + a->location;
  };
  EXPECT_EQ(location("/node/child"), "301 /node/child/");
  EXPECT_EQ(location("/host/child?a=b&c"), "301 /host/child/?a=b&c");
  EXPECT_EQ(location("/host/parent/node/child"), "301 /host/parent/node/child/");
  EXPECT_EQ(location("/node/%63hild"), "301 /node/child/");
  EXPECT_EQ(where("/node/child/"), kUnknown);
  EXPECT_EQ(where("/node/nobody"), std::string(kNoHost) + "nobody");
  return {};
}

std::string target__unknown_or_malformed_node__is_404_and_names_it() {
  EXPECT_EQ(where("/node/nobody/api/v1/info"), std::string(kNoHost) + "nobody");
  EXPECT_EQ(where("/host/12345/api/v1/info"), std::string(kNoHost) + "12345");
  EXPECT_EQ(where("/node/dddddddd-dddd-4ddd-8ddd-dddddddddddd/api/v1/info"),
            std::string(kNoHost) + "dddddddd-dddd-4ddd-8ddd-dddddddddddd");
  EXPECT_EQ(where("/node/%3Cb%3E/api/v1/info"), std::string(kNoHost) + "&lt;b&gt;");
  EXPECT_EQ(where("/node//api/v1/info"), kNoHost);
  EXPECT_EQ(where("/node"), kNoHost);
  EXPECT(where("/node/" + std::string(100000, 'x') + "/api/v1/info").size() < 400);
  return {};
}

std::string target__sub_path_of_an_endpoint__is_400_and_names_it() {
  EXPECT_EQ(where("/api/v1/info/"), "400 API command 'info' does not support subpaths.");
  EXPECT_EQ(where("/api/v1/info/x/y"), "400 API command 'info' does not support subpaths.");
  EXPECT_EQ(where("/node/child/api/v3/data/x?y"), "400 API command 'data' does not support subpaths.");
  return {};
}

std::string target__other_paths__are_unknown() {
  for (const auto *raw : {"/",
                          "/netdata.conf",
                          "/v1/info",
                          "/api",
                          "/api/",
                          "/api/v1",
                          "/api/v1/",
                          "/index.html",
                          "/mcp",
                          "/sse",
                          "/stream",
                          "/API/v1/info",
                          "/apiv1/info",
                          "/api/x1/info",
                          "/api//v1/info",
                          "//api/v1/info",
                          "/api/v1//info",
                          "/api/v1///alarms",
                          "/node/child//api/v1/info",
                          "/Node/child/api/v1/info"})
    EXPECT_EQ(where(raw), kUnknown);
  return {};
}

std::string target__version_that_does_not_exist__is_404() {
  EXPECT_EQ(where("/api/v4/info"), "404 Unsupported API version: v4");
  EXPECT_EQ(where("/api/v0/info"), "404 Unsupported API version: v0");
  EXPECT_EQ(where("/api/v11/info"), "404 Unsupported API version: v11");
  EXPECT_EQ(where("/api/v01/info"), "404 Unsupported API version: v01");
  EXPECT_EQ(where("/api/v%3Cx/info"), "404 Unsupported API version: v&lt;x");
  return {};
}

std::string target__encoded_component__is_decided_on_decoded_and_forwarded_plain() {
  EXPECT_EQ(where("/%61pi/%76%31/%69nfo"), " /api/v1/info");
  EXPECT_EQ(where("/%6Eode/%63hild/api/v1/dat%61?x"), child("/api/v1/data?x"));
  return {};
}

std::string target__path_tricks__are_refused() {
  for (const auto *raw :
       {"/api/v1/../manage", "/api/v1/./info", "/api/v1/%2e%2e/info", "/api/v1/%2E/info", "/../etc/passwd",
        "/api/v1%2Finfo", "/api%2fv1/info", "/node/child%2F..%2Fx/api/v1/info", "/api/v1/info%00", "/api/v1/in%0d%0afo",
        "/api/v1/%zz", "/api/v1/%", "/api/v1/info%4", "/api/v1/info%7f"})
    EXPECT_EQ(where(raw), kBadUrl);
  EXPECT_EQ(where(std::string("/api/v1/in\0fo", 13)), kBadUrl);
  EXPECT_EQ(where("api/v1/info"), kBadUrl);
  EXPECT_EQ(where(""), kBadUrl);
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "/a";
  EXPECT_EQ(where(deep), kBadUrl);
  return {};
}

std::string target__double_encoding__is_decoded_once() {
  EXPECT(where("/api/v1/inf%256f").starts_with("403 "));
  EXPECT(where("/api/v1/%252e%252e").starts_with("403 "));
  EXPECT_EQ(where("/node/child%252F/api/v1/info"), std::string(kNoHost) + "child%2F");
  return {};
}

std::string target__query_string__is_made_well_formed() {
  EXPECT_EQ(where("/api/v1/data?a b=\"<c>\"|#x\xc3\xa9"), " /api/v1/data?a%20b=%22%3Cc%3E%22%7C%23x%C3%A9");
  EXPECT_EQ(where("/api/v1/data?a=?/:@!$&'()*+,;=-._~"), " /api/v1/data?a=?/:@!$&'()*+,;=-._~");
  EXPECT_EQ(where("/api/v1/data?a=%7C%2c"), " /api/v1/data?a=%7C%2c");
  EXPECT_EQ(where("/api/v1/data?/../../manage/health"), " /api/v1/data?/../../manage/health");
  for (const auto *raw : {"/api/v1/data?a=%", "/api/v1/data?%4", "/api/v1/data?%zz", "/api/v1/data?a=%00"})
    EXPECT_EQ(where(raw), kBadUrl);
  EXPECT_EQ(where(std::string("/api/v1/data?a\0b", 16)), kBadUrl);
  EXPECT_EQ(where("/api/v1/data?" + std::string(kMaxTargetBytes / 2, ' ')), kBadUrl);
  const auto line_feed = where("/api/v1/data?a\r\nX-Auth-Token: b");
  EXPECT_EQ(line_feed, " /api/v1/data?a%0D%0AX-Auth-Token:%20b");
  return {};
}

std::string target__query_of_two_readings__is_400_with_the_reason() {
  EXPECT_EQ(where("/api/v1/data?points=%2B10"),
            "400 The parameter points must be digits alone, and not too large: +10");
  EXPECT_EQ(where("/node/child/api/v1/data?points=1&points=2"), "400 The parameter points is there twice.");
  EXPECT_EQ(where("/api/v2/data?%3Cb%3E=1%26x"),
            "400 The parameter &lt;b&gt; holds an encoded &amp;, where the agent would begin another parameter.");
  EXPECT_EQ(where("/api/v1/data?poin%74s=010&after=-%36%30"), " /api/v1/data?points=10&after=-60");
  return {};
}

std::string target__any_forwarded_text__is_a_clean_request_target() {
  std::string seed = "/node/child/api/v1/data?x=%41&y";
  unsigned state = 12345;
  for (unsigned round = 0; round < 2 * aclk::test::seeds(); ++round) {
    auto raw = seed;
    for (int k = 0; k < 3; ++k) {
      state = state * 1664525U + 1013904223U;
      raw[(state >> 8) % raw.size()] = static_cast<char>(state >> 24);
    }
    const auto r = CheckedTarget::check(HttpMethod::get, raw, kNodes, Scope::full);
    const auto *f = std::get_if<CheckedTarget>(&r);
    if (f == nullptr) continue;
    EXPECT(f->text().starts_with("/api/v"));
    EXPECT(f->text().find_first_of(" \r\n#\"<>") == std::string::npos && !aclk::has_control(f->text()));
    EXPECT(f->text().substr(0, f->text().find('?')).find_first_of("%.") == std::string::npos);
  }
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(target__api_path__is_the_local_node),
    ACLK_TEST(target__node_prefix__is_node_id_then_machine_guid_then_host_name),
    ACLK_TEST(target__host_prefix__is_machine_guid_then_node_id_then_host_name),
    ACLK_TEST(target__uuid_in_any_case__is_found),
    ACLK_TEST(target__several_prefixes__are_allowed_behind_local_ones_only),
    ACLK_TEST(target__prefix_with_nothing_behind__is_redirected_to_a_slash),
    ACLK_TEST(target__unknown_or_malformed_node__is_404_and_names_it),
    ACLK_TEST(target__sub_path_of_an_endpoint__is_400_and_names_it),
    ACLK_TEST(target__other_paths__are_unknown),
    ACLK_TEST(target__version_that_does_not_exist__is_404),
    ACLK_TEST(target__encoded_component__is_decided_on_decoded_and_forwarded_plain),
    ACLK_TEST(target__path_tricks__are_refused),
    ACLK_TEST(target__double_encoding__is_decoded_once),
    ACLK_TEST(target__query_string__is_made_well_formed),
    ACLK_TEST(target__query_of_two_readings__is_400_with_the_reason),
    ACLK_TEST(target__any_forwarded_text__is_a_clean_request_target),
};

}  // namespace
}  // namespace test_target

int aclk::query::test::target_tests() {
  return cmocka_run_group_tests_name("query target", test_target::kTests, nullptr, nullptr);
}
