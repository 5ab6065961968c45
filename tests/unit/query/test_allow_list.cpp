// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the cloud may ask, and the ways around it that must not exist.
#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aclk/query/cmd_request.h"
#include "aclk/query/target.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/query/fake_nodes.h"
#include "tests/unit/query/tests.h"

namespace test_allow_list {
using namespace aclk;
using namespace aclk::query;
using namespace aclk::query::test;

namespace {

const FakeNodes kNodes;

int status(const std::string &raw, HttpMethod m = HttpMethod::get, Scope scope = Scope::full) {
  const auto r = CheckedTarget::check(m, raw, kNodes, scope);
  return std::holds_alternative<CheckedTarget>(r) ? 0 : std::get<HttpResponse>(r).status;
}

// plugin-api/external/API.md, "Permissions of 2.x", what the cloud's default rights open, without what writes;
// and 1.37's own.
const std::vector<std::pair<std::string, std::string>> kServed{
    {"data", "123"},
    {"weights", "123"},
    {"metric_correlations", "1"},
    {"allmetrics", "13"},
    {"chart", "1"},
    {"charts", "1"},
    {"context", "13"},
    {"contexts", "123"},
    {"q", "23"},
    {"badge.svg", "13"},
    {"alarms", "1"},
    {"alarms_values", "1"},
    {"alarm_log", "1"},
    {"alarm_variables", "1"},
    {"alarm_count", "1"},
    {"variable", "13"},
    {"alerts", "23"},
    {"alert_transitions", "23"},
    {"alert_config", "23"},
    {"functions", "123"},
    {"info", "123"},
    {"aclk", "1"},
    {"dbengine_stats", "1"},
    {"ml_info", "1"},
    {"nodes", "23"},
    {"node_instances", "23"},
    {"versions", "23"},
    {"stream_path", "3"},
    {"progress", "23"},
    {"stream_info", "3"},
    {"me", "3"},
    {"archivedcharts", "1"},
};

const std::vector<std::string> kNeverServed{"manage",
                                            "registry",
                                            "claim",
                                            "settings",
                                            "config",
                                            "function",
                                            "bearer_protection",
                                            "bearer_get_token",
                                            "rtc_offer",
                                            "mcp",
                                            "sse",
                                            "stream",
                                            "ml_models",
                                            "netdata.conf",
                                            "host",
                                            "node",
                                            "api",
                                            "v1",
                                            "INFO",
                                            "Info",
                                            "info ",
                                            " info",
                                            "infox",
                                            "inf",
                                            "info;x",
                                            "info?x",
                                            "dat\\a",
                                            "info%20",
                                            "data&x",
                                            "functions;x",
                                            "badge.svg~",
                                            "\xc3\xa9"};

std::string allow_list__each_endpoint_and_version__is_as_in_the_table() {
  for (const auto &[name, versions] : kServed)
    for (const char v : std::string("123")) {
      const int want = versions.find(v) == std::string::npos ? 403 : 0;
      for (const std::string prefix : {"", "/node/child", "/host/parent"})
        if (status(fmt::format("{}/api/v{}/{}?a=b", prefix, v, name)) != want) return fmt::format("{} v{}", name, v);
    }
  return {};
}

std::string allow_list__forbidden_endpoints__are_403_in_every_version_method_and_spelling() {
  for (const auto &name : kNeverServed)
    for (const char *v : {"1", "2", "3"}) {
      for (const auto m : {HttpMethod::get, HttpMethod::post, HttpMethod::put, HttpMethod::del})
        if (const auto a = refuse(m, v[0] - '0', name, Scope::full); !a || a->status != 403) return name;
      // Percent-encode every character: the decision is about what it decodes to.
      std::string encoded;
      for (const char c : name) {
        static constexpr char kHex[] = "0123456789abcdef";
        const auto b = static_cast<unsigned char>(c);
        encoded += std::string("%") + kHex[b >> 4] + kHex[b & 15];
      }
      EXPECT_EQ(status("/api/v" + std::string(v) + "/" + encoded), 403);
      EXPECT_EQ(status("/node/child/api/v" + std::string(v) + "/" + encoded + "/health?cmd=RESET"), 403);
    }
  return {};
}

std::string allow_list__evasion_attempts__never_reach_the_host() {
  for (const auto *raw : {"/api/v1/manage/health?cmd=SILENCE%20ALL",
                          "/api/v1/man%61ge/health",
                          "/api/v1/%6danage/health",
                          "/api/v1/info/../manage/health",
                          "/api/v1/info/%2e%2e/manage/health",
                          "/api/v1/info%2f..%2fmanage/health",
                          "/api/v1//manage/health",
                          "/api/v1/info/..;/manage",
                          "/api/v1/info%00/../manage",
                          "/api/v1/manage%00",
                          "/api/v1/manage%2fhealth",
                          "//api/v1/manage/health",
                          "/api//v1/manage",
                          "/./api/v1/manage",
                          "/api/v1/manage?",
                          "/api/v1/manage/",
                          "/api/v1/manage%20",
                          "/api/v1/manage%3f",
                          "/api/v1/manage#",
                          "/api/v1/manage;a=b",
                          "/api/v1/\\manage",
                          "/api/v1/..%5cmanage",
                          "/api/v3/settings?file=default",
                          "/api/v2/claim?key=x",
                          "/api/v3/%63laim",
                          "/api/v1/registry?action=hello",
                          "/api/v1/registry?action=access",
                          "/api/v1/config?action=tree",
                          "/api/v3/config",
                          "/api/v1/function?function=processes",
                          "/api/v3/function",
                          "/api/v2/bearer_get_token",
                          "/api/v3/bearer_protection?bearer_protection=off",
                          "/api/v2/rtc_offer",
                          "/netdata.conf",
                          "/netdata%2econf",
                          "/host/parent/netdata.conf",
                          "/node/child/netdata.conf",
                          "/mcp",
                          "/sse",
                          "/api/v1/MANAGE/health",
                          "/host/parent/host/parent/api/v1/manage/health",
                          "/node/parent/%61pi/v1/manage",
                          "/api/v1/info\r\n\r\nGET /api/v1/manage",
                          "/api/v1/info HTTP/1.1",
                          "/api/v1/manage/health HTTP/1.1",
                          "/%2561pi/v1/info",
                          "/api/v1/manag%65/%68ealth"}) {
    const int s = status(raw);
    if (s != 400 && s != 403 && s != 404) return std::string(raw) + " gave " + std::to_string(s);
  }
  return {};
}

std::string allow_list__management__is_403_even_with_a_sub_path() {
  EXPECT_EQ(status("/api/v1/manage/health"), 403);
  EXPECT_EQ(status("/api/v1/manage"), 403);
  EXPECT_EQ(status("/api/v3/settings"), 403);
  EXPECT_EQ(status("/api/v2/claim"), 403);
  return {};
}

std::string allow_list__put_and_delete__are_405_with_allow() {
  for (const auto m : {HttpMethod::put, HttpMethod::del}) {
    const auto a = refuse(m, 1, "data", Scope::full);
    EXPECT(a.has_value());
    EXPECT_EQ(a->status, 405);
    EXPECT_EQ(a->allow, "GET, POST");
  }
  EXPECT(!refuse(HttpMethod::post, 1, "data", Scope::full));
  return {};
}

std::string allow_list__scope_license_manager__leaves_only_nodes() {
  const std::set<std::string> nodes{
      "info",     "aclk",        "dbengine_stats", "ml_info",     "nodes", "node_instances",
      "versions", "stream_path", "progress",       "stream_info", "me"};
  for (const auto &[name, versions] : kServed) {
    const auto raw = std::string("/api/v") + versions[0] + "/" + name;
    EXPECT_EQ(status(raw, HttpMethod::get, Scope::license_manager), nodes.count(name) == 0 ? 403 : 0);
  }
  return {};
}

std::string allow_list__functions__are_called_where_the_host_checks_who_may() {
  const auto asked = [](const std::string &raw, Scope scope, Functions functions) {
    const auto r = CheckedTarget::check(HttpMethod::get, raw, kNodes, scope, functions);
    return std::holds_alternative<CheckedTarget>(r) ? 0 : std::get<HttpResponse>(r).status;
  };
  for (const char *raw : {"/api/v1/function?function=x", "/node/child/api/v3/function?function=x"}) {
    EXPECT_EQ(asked(raw, Scope::full, Functions::served), 0);
    EXPECT_EQ(asked(raw, Scope::full, Functions::refused), 403);
    EXPECT_EQ(asked(raw, Scope::license_manager, Functions::served), 403);
  }
  for (const auto &name : kNeverServed) {
    if (name == "function") continue;
    const auto a = refuse(HttpMethod::get, 1, name, Scope::full, Functions::served);
    EXPECT(a && a->status == 403);
  }
  EXPECT_EQ(refuse(HttpMethod::put, 1, "function", Scope::full, Functions::served)->status, 405);
  EXPECT_EQ(refuse(HttpMethod::get, 4, "function", Scope::full, Functions::served)->status, 403);
  return {};
}

std::string allow_list__version_out_of_range__is_refused() {
  for (const int v : {-1, 0, 4, 33, 64, 1000}) EXPECT(refuse(HttpMethod::get, v, "info", Scope::full).has_value());
  return {};
}

std::string allow_list__refusal_text__is_escaped_and_short() {
  const auto a = refuse(HttpMethod::get, 1, "<script>" + std::string(5000, 'x'), Scope::full);
  EXPECT(a->body.find('<') == std::string::npos);
  EXPECT(a->body.size() < 400);
  return {};
}

HttpRequest with_headers(std::vector<HttpHeader> h) {
  HttpRequest r;
  r.headers = std::move(h);
  return r;
}

std::string identity_of_request__credentials__are_never_forwarded() {
  auto r = with_headers({{"X-Netdata-Auth", "Bearer x"},
                         {"authorization", "y"},
                         {"X-AUTH-TOKEN", "z"},
                         {"Cookie", "c"},
                         {"X-Forwarded-For", "f"},
                         {"Host", "h"},
                         {"Connection", "upgrade"},
                         {"Content-Length", "5"}});
  const auto c = take_identity(r, "00112233445566778899aabbccddeeff");
  EXPECT_EQ(r.headers.size(), 1U);
  EXPECT_EQ(r.headers[0].name, "X-Transaction-ID");
  EXPECT_EQ(r.headers[0].value, "00112233445566778899aabbccddeeff");
  EXPECT_EQ(c.role, "member");
  EXPECT_EQ(c.permissions, 0x1bU);
  return {};
}

std::string identity_of_request__identity__is_forwarded_in_canonical_form() {
  auto r = with_headers({{"x-netdata-account-id", "ABCDEFAB-0000-4000-8000-000000000000"},
                         {"X-Netdata-Role", "admin"},
                         {"X-Netdata-Permissions", "0x7FF"},
                         {"X-Netdata-User-Name", "A. User"},
                         {"content-type", "application/json"}});
  const auto c = take_identity(r, "t");
  const std::vector<HttpHeader> want{{"X-Netdata-Account-Id", "abcdefab-0000-4000-8000-000000000000"},
                                     {"X-Netdata-Role", "admin"},
                                     {"X-Netdata-Permissions", "7ff"},
                                     {"X-Netdata-User-Name", "A. User"},
                                     {"Content-Type", "application/json"},
                                     {"X-Transaction-ID", "t"}};
  EXPECT(r.headers == want);
  EXPECT_EQ(c.role, "admin");
  EXPECT_EQ(c.permissions, 0x7ffU);
  return {};
}

std::string identity_of_request__malformed_identity__counts_as_none() {
  auto r = with_headers({{"X-Netdata-Account-Id", "me"},
                         {"X-Netdata-Role", "root"},
                         {"X-Netdata-Permissions", "all"},
                         {"X-Netdata-User-Name", std::string(300, 'u')}});
  const auto c = take_identity(r, "t");
  EXPECT_EQ(r.headers.size(), 1U);
  EXPECT_EQ(c.role, "member");
  EXPECT_EQ(c.permissions, 0x1bU);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(allow_list__each_endpoint_and_version__is_as_in_the_table),
    ACLK_TEST(allow_list__forbidden_endpoints__are_403_in_every_version_method_and_spelling),
    ACLK_TEST(allow_list__evasion_attempts__never_reach_the_host),
    ACLK_TEST(allow_list__management__is_403_even_with_a_sub_path),
    ACLK_TEST(allow_list__put_and_delete__are_405_with_allow),
    ACLK_TEST(allow_list__scope_license_manager__leaves_only_nodes),
    ACLK_TEST(allow_list__functions__are_called_where_the_host_checks_who_may),
    ACLK_TEST(allow_list__version_out_of_range__is_refused),
    ACLK_TEST(allow_list__refusal_text__is_escaped_and_short),
    ACLK_TEST(identity_of_request__credentials__are_never_forwarded),
    ACLK_TEST(identity_of_request__identity__is_forwarded_in_canonical_form),
    ACLK_TEST(identity_of_request__malformed_identity__counts_as_none),
};

}  // namespace
}  // namespace test_allow_list

int aclk::query::test::allow_tests() {
  return cmocka_run_group_tests_name("query allow", test_allow_list::kTests, nullptr, nullptr);
}
