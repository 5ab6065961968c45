// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "aclk/net/proxy_answer.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/login/suites.h"

namespace aclk::test {
namespace test_proxy_answer {
namespace {

using net::first_words;
using net::offered_schemes;
using net::ProxyAnswer;

std::string offers__one_or_many_in_a_value__are_told_from_their_parameters() {
  const std::pair<const char *, const char *> rows[] = {
      {"Basic realm=\"x\"", "Basic"},
      {"Digest realm=\"a, Basic b\", nonce=\"x\\\"y, NTLM\", qop=\"auth\", algorithm=MD5", "Digest"},
      {"Negotiate", "Negotiate"},
      {"NTLM, Negotiate , Basic realm = \"c\", charset=\"UTF-8\"", "NTLM,Negotiate,Basic"},
      {"Negotiate oRQwEqADCgEBoQsGCSqGSIb3EgECAg==, NTLM TlRMTVNTUAACAAAA=", "Negotiate,NTLM"},
      {"", ""},
      {",,,", ""},
      {"\"unclosed, Basic", ""},
      {"a,b,c,d,e,f,g,h,i,j", "a,b,c,d,e,f,g,h"},
  };
  for (const auto &[value, names] : rows) EXPECT_EQ(fmt::format("{}", fmt::join(offered_schemes(value), ",")), names);
  return {};
}

std::string words__of_a_body__are_its_first_that_can_be_read() {
  EXPECT_EQ(first_words("\r\n  Access denied.\r\nAsk us.\r\n"), "Access denied.");
  EXPECT_EQ(first_words("a\x1b[31mb"), "a?[31mb");
  EXPECT_EQ(first_words("<!DOCTYPE html>\n<html><head>\n<style>p { x }</style><script>if (a < b) c()</script>\n"
                        "<!-- none -->\n<title>Cache Access Denied</title></head><body>no</body>"),
            "Cache Access Denied");
  EXPECT_EQ(first_words("<html><body><p></p>"), "<html><body><p></p>");
  EXPECT_EQ(first_words("<"), "<");
  EXPECT_EQ(first_words(""), "");
  EXPECT_EQ(first_words(std::string(5000, 'x')).size(), 160U);
  return {};
}

std::string answer__of_several_rounds__is_the_last_one() {
  ProxyAnswer a;
  EXPECT_EQ(a.text(), "");
  for (const auto *line : {"HTTP/1.1 407 First\r\n", "Proxy-Authenticate: NTLM\r\n"}) EXPECT(!a.take(line));
  EXPECT(a.take("\r\n"));
  for (const auto *line : {"HTTP/1.0 407 Who\x07 are you\r\n", "proxy-AUTHENTICATE: Digest realm=\"x\"\r\n",
                           "Proxy-Authenticate: Basic realm=\"x\", Digest realm=\"y\"\r\n", "Content-Length: 0\r\n"})
    EXPECT(!a.take(line));
  EXPECT(a.take("\n") && !a.granted() && !a.has_body());
  EXPECT_EQ(a.text(), "\"407 Who? are you\"");
  EXPECT_EQ(fmt::format("{}", fmt::join(a.offers(), ",")), "Digest,Basic");
  EXPECT(!a.take("HTTP/1.1 403\r\n") && a.take("\r\n") && a.has_body());
  a.take_body("Not from here");
  EXPECT_EQ(a.text(), "\"403\", \"Not from here\"");
  EXPECT(!a.take("HTTP/1.1 200 Connection established\r\n") && a.take("\r\n") && a.granted());
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(offers__one_or_many_in_a_value__are_told_from_their_parameters),
    ACLK_TEST(words__of_a_body__are_its_first_that_can_be_read),
    ACLK_TEST(answer__of_several_rounds__is_the_last_one),
};

}  // namespace
}  // namespace test_proxy_answer

int proxy_answer_suite() {
  return cmocka_run_group_tests_name("proxy_answer", test_proxy_answer::tests, nullptr, nullptr);
}

}  // namespace aclk::test
