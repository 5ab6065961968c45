// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "claim/claim_request.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_request {
using namespace aclk;
using namespace aclk::claim;

namespace {

std::string rooms__comma_list__is_split_trimmed_and_without_empty_items() {
  const auto is = [](std::string_view text, const std::vector<std::string> &want) { return split_rooms(text) == want; };
  EXPECT(is("", {}));
  EXPECT(is(" , ,", {}));
  EXPECT(is("a", {"a"}));
  EXPECT(is("a,b", {"a", "b"}));
  EXPECT(is(" a , b,,c d ,", {"a", "b", "c d"}));
  return {};
}

std::string url__with_and_without_final_slash__gets_the_path_once() {
  const auto of = [](std::string_view cloud) {
    return claim_url(checked_cloud_url(cloud, PlainHttp::refused).value_or("?"), "ID");
  };
  EXPECT_EQ(of("https://h"), "https://h/api/v1/spaces/nodes/ID");
  EXPECT_EQ(of(" https://h/ \n"), "https://h/api/v1/spaces/nodes/ID");
  EXPECT_EQ(of("https://h:8443/prefix"), "https://h:8443/prefix/api/v1/spaces/nodes/ID");
  EXPECT_EQ(of("https://h/prefix/"), "https://h/prefix/api/v1/spaces/nodes/ID");
  EXPECT_EQ(of("app.netdata.cloud"), "https://app.netdata.cloud/api/v1/spaces/nodes/ID");
  EXPECT_EQ(of("https://[::1]:1"), "https://[::1]:1/api/v1/spaces/nodes/ID");
  return {};
}

std::string url__not_that_of_a_cloud__is_refused() {
  for (const auto *bad :
       {"", "ftp://h", "wss://h", "https://h?x=1", "https://h/#x", "https://u:secret@h", "http://h"}) {
    const auto r = checked_cloud_url(bad, PlainHttp::refused);
    if (r) return std::string("accepted: ") + bad;
    EXPECT(r.error().what.find("secret") == std::string::npos);
  }
  EXPECT_EQ(checked_cloud_url("http://h:80", PlainHttp::allowed).value_or(""), "http://h");
  return {};
}

std::string token__only_printable_text__is_a_token() {
  EXPECT_EQ(checked_token("  5AJRdC9H.XytDT8\n").value_or(""), "5AJRdC9H.XytDT8");
  for (const auto &bad : {std::string(), std::string(" \n"), std::string("a b"), std::string("secret\nline"),
                          std::string("\xc3\xa4"), std::string("/run/x/token"), std::string(4097, 't')}) {
    const auto r = checked_token(bad);
    EXPECT(!r);
    EXPECT(r.error().what.find("secret") == std::string::npos);
  }
  return {};
}

std::string body__all_fields__are_as_on_the_wire() {
  const ClaimRequest r{"c1a1", "the host", "tok", {"r1", "r2"}, "-----BEGIN PUBLIC KEY-----\nAB\n", "m-guid"};
  const auto text = claim_body(r);
  EXPECT(text.find('\n') == std::string::npos);  // minified; line feeds are escaped
  const auto want = nlohmann::json::parse(R"({"node":{"id":"c1a1","hostname":"the host"},"token":"tok",)"
                                          R"("rooms":["r1","r2"],"publicKey":"-----BEGIN PUBLIC KEY-----\nAB\n",)"
                                          R"("mGUID":"m-guid"})");
  EXPECT(nlohmann::json::parse(text) == want);
  return {};
}

std::string body__no_rooms__is_an_empty_array() {
  EXPECT(claim_body({"c", "h", "t", {}, "p", "m"}).find(R"("rooms":[])") != std::string::npos);
  return {};
}

std::string body__host_name_that_is_no_utf8__is_still_json() {
  const auto json = nlohmann::json::parse(claim_body({"c", "h\xff\"", "t", {}, "p", "m"}), nullptr, false);
  EXPECT(json.is_object());
  EXPECT_EQ(json["node"]["hostname"].get<std::string>(), "h\xef\xbf\xbd\"");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(rooms__comma_list__is_split_trimmed_and_without_empty_items),
    ACLK_TEST(url__with_and_without_final_slash__gets_the_path_once),
    ACLK_TEST(url__not_that_of_a_cloud__is_refused),
    ACLK_TEST(token__only_printable_text__is_a_token),
    ACLK_TEST(body__all_fields__are_as_on_the_wire),
    ACLK_TEST(body__no_rooms__is_an_empty_array),
    ACLK_TEST(body__host_name_that_is_no_utf8__is_still_json),
};

}  // namespace
}  // namespace test_request

int run_request_tests() { return cmocka_run_group_tests_name("claim: request", test_request::tests, nullptr, nullptr); }
