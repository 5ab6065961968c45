// SPDX-License-Identifier: GPL-3.0-or-later
//
// aclk/session/README.md, "Errors of the cloud", and Retry-After.
#include "aclk/login/cloud_answer.h"

#include "tests/unit/cmocka_main.h"
#include "tests/unit/login/suites.h"

namespace aclk::test {
namespace test_cloud_error {
namespace {

using login::parse_cloud_error;
using login::parse_retry_after;

std::string cloud_error__complete__makes_the_one_line_that_users_know() {
  const auto e = parse_cloud_error(R"({"errorCode":"c1","errorMsgKey":"k1","errorMessage":"m1",
                                       "errorNonRetryable":true,"errorRetryDelaySeconds":30})");
  EXPECT_EQ(e.log.size(), 1U);
  EXPECT_EQ(e.log[0], R"(ACLK: Cloud returned EC="c1", Msg-Key:"k1", Msg:"m1", BlockRetry:true, )"
                      "Backoff:30s (-1 unset by cloud)");
  EXPECT(e.non_retryable);
  EXPECT_EQ(e.retry_after_s.value_or(0), 30U);
  EXPECT_EQ(e.code + e.message_key + e.message, "c1k1m1");
  return {};
}

std::string cloud_error__without_orders__says_so() {
  const auto e = parse_cloud_error(R"({"errorCode":"c1","errorMsgKey":"k1","errorMessage":"m1","other":[]})");
  EXPECT_EQ(e.log.at(0), R"(ACLK: Cloud returned EC="c1", Msg-Key:"k1", Msg:"m1", BlockRetry:false, )"
                         "Backoff:-1s (-1 unset by cloud)");
  EXPECT(!e.non_retryable && !e.retry_after_s);
  return {};
}

std::string cloud_error__strings_missing__orders_still_hold() {
  const auto e = parse_cloud_error(R"({"errorNonRetryable":true,"errorRetryDelaySeconds":3,"errorMessage":5})");
  EXPECT(e.non_retryable);
  EXPECT_EQ(e.retry_after_s.value_or(0), 3U);
  EXPECT_EQ(e.log.at(0), R"(ACLK: Missing compulsory key "/errorCode" in error response)");
  EXPECT_EQ(e.log.size(), 4U);
  return {};
}

std::string cloud_error__strings_missing_and_no_orders__only_says_what_is_missing() {
  const auto e = parse_cloud_error(R"({"errorCode":"c1"})");
  EXPECT_EQ(e.log.size(), 2U);
  EXPECT(!e.non_retryable && !e.retry_after_s);
  return {};
}

std::string cloud_error__order_of_wrong_type__nothing_holds() {
  for (
      const auto *bad :
      {R"({"errorCode":"c","errorMsgKey":"k","errorMessage":"m","errorNonRetryable":true,"errorRetryDelaySeconds":"3"})",
       R"({"errorCode":"c","errorMsgKey":"k","errorMessage":"m","errorNonRetryable":1,"errorRetryDelaySeconds":3})",
       R"({"errorNonRetryable":true,"errorRetryDelaySeconds":3.5})", R"({"errorNonRetryable":null})"}) {
    const auto e = parse_cloud_error(bad);
    EXPECT(!e.non_retryable && !e.retry_after_s && e.code.empty());
    EXPECT_EQ(e.log.size(), 1U);
  }
  return {};
}

std::string cloud_error__delay_not_above_zero__is_none() {
  EXPECT(!parse_cloud_error(R"({"errorRetryDelaySeconds":0})").retry_after_s);
  EXPECT(!parse_cloud_error(R"({"errorRetryDelaySeconds":-7})").retry_after_s);
  return {};
}

std::string cloud_error__delay_of_years__is_a_day() {
  EXPECT_EQ(parse_cloud_error(R"({"errorRetryDelaySeconds":18446744073709551615})").retry_after_s.value_or(0), 86400U);
  return {};
}

std::string cloud_error__no_json__has_no_effect() {
  for (const auto *bad : {"<html>", "[]", "{\"errorNonRetryable\":true", "null"}) {
    const auto e = parse_cloud_error(bad);
    EXPECT(!e.non_retryable && !e.retry_after_s && e.log.size() == 1);
  }
  EXPECT(parse_cloud_error("").log.empty());
  return {};
}

std::string cloud_error__hostile_strings__fit_on_one_line() {
  const auto e =
      parse_cloud_error(R"({"errorCode":"a\nb","errorMsgKey":"","errorMessage":")" + std::string(9000, 'x') + "\"}");
  EXPECT_EQ(e.code, "a?b");
  EXPECT(e.log.at(0).size() < 400 && e.log.at(0).find('\n') == std::string::npos);
  return {};
}

std::string retry_after__seconds__are_seconds() {
  EXPECT_EQ(parse_retry_after("120", "").value_or(0), 120U);
  EXPECT_EQ(parse_retry_after("9999999", "").value_or(0), 86400U);
  for (const auto *bad : {"", "0", "-5", "5x", "x", "99999999999999999999999", "1.5"})
    EXPECT(!parse_retry_after(bad, ""));
  return {};
}

std::string retry_after__date__is_measured_by_the_servers_own_clock() {
  EXPECT_EQ(parse_retry_after("Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:58:59 GMT").value_or(0), 60U);
  EXPECT(!parse_retry_after("Fri, 31 Dec 1999 23:59:59 GMT", ""));
  EXPECT(!parse_retry_after("Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:59 GMT"));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(cloud_error__complete__makes_the_one_line_that_users_know),
    ACLK_TEST(cloud_error__without_orders__says_so),
    ACLK_TEST(cloud_error__strings_missing__orders_still_hold),
    ACLK_TEST(cloud_error__strings_missing_and_no_orders__only_says_what_is_missing),
    ACLK_TEST(cloud_error__order_of_wrong_type__nothing_holds),
    ACLK_TEST(cloud_error__delay_not_above_zero__is_none),
    ACLK_TEST(cloud_error__delay_of_years__is_a_day),
    ACLK_TEST(cloud_error__no_json__has_no_effect),
    ACLK_TEST(cloud_error__hostile_strings__fit_on_one_line),
    ACLK_TEST(retry_after__seconds__are_seconds),
    ACLK_TEST(retry_after__date__is_measured_by_the_servers_own_clock),
};

}  // namespace
}  // namespace test_cloud_error

int cloud_error_suite() {
  return cmocka_run_group_tests_name("cloud_error", test_cloud_error::tests, nullptr, nullptr);
}

}  // namespace aclk::test
