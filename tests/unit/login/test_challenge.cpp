// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/challenge.h"

#include "tests/unit/cmocka_main.h"
#include "tests/unit/login/suites.h"

namespace aclk::test {
namespace test_challenge {
namespace {

using login::base64_decode;
using login::base64_encode;
using login::Status;

std::string all_bytes() {
  std::string s;
  for (int i = 0; i < 256; ++i) s += static_cast<char>(i);
  return s;
}

std::string base64__vectors_of_rfc_4648__both_ways() {
  const char *const rows[][2] = {{"", ""},
                                 {"f", "Zg=="},
                                 {"fo", "Zm8="},
                                 {"foo", "Zm9v"},
                                 {"foob", "Zm9vYg=="},
                                 {"fooba", "Zm9vYmE="},
                                 {"foobar", "Zm9vYmFy"}};
  for (const auto &r : rows) {
    EXPECT_EQ(base64_encode(r[0]), r[1]);
    EXPECT_EQ(base64_decode(r[1]).value_or("-"), r[0]);
  }
  EXPECT_EQ(base64_decode(base64_encode(all_bytes())).value_or(""), all_bytes());
  return {};
}

std::string base64__any_other_spelling__is_refused() {
  for (const auto *bad : {"Z", "Zg", "Zg=", "Zg= =", " Zm9v", "Zm9v\n", "Zm9vYg==Zm9v", "Zm-v", "Zm_v",
                          "Zh==", "Zm9=", "====", "Z===", "Zm9vZ", "Z=m8", "\xff\xff\xff\xff"})
    EXPECT(!base64_decode(bad));
  return {};
}

std::string challenge__of_256_bytes__is_taken() {
  const auto body = R"({"challenge":")" + base64_encode(all_bytes()) + R"(","x":1})";
  EXPECT_EQ(login::parse_challenge(body).value_or(""), all_bytes());
  return {};
}

std::string challenge__anything_else__is_invalid() {
  const auto b64 = base64_encode(all_bytes());
  const auto as_json = [](const std::string &s) { return R"({"challenge":")" + s + R"("})"; };
  for (const auto &bad :
       {std::string(), std::string("{}"), std::string(R"({"challenge":5})"), std::string(R"({"Challenge":""})"), b64,
        as_json(""), as_json(b64.substr(4)), as_json(b64 + "AAAA"), as_json(std::string(344, '!')),
        as_json(std::string(344, 'A')), as_json(" " + b64.substr(1)), "[" + as_json(b64) + "]"})
    EXPECT(login::parse_challenge(bad).error().status == Status::otp_challenge_invalid);
  return {};
}

std::string challenge_answer__is_the_documented_text() {
  EXPECT_EQ(login::challenge_answer("v2.10.4", "foobar"), R"({"agent_version":"v2.10.4", "response":"Zm9vYmFy"})");
  EXPECT_EQ(login::challenge_answer("v\"1\\\xff", "f"),
            "{\"agent_version\":\"v\\\"1\\\\\xef\xbf\xbd\", \"response\":\"Zg==\"}");
  return {};
}

std::string challenge_answer__of_214_bytes__has_no_line_breaks() {
  const auto text = login::challenge_answer("v1", std::string(214, 'x'));
  EXPECT(text.find('\n') == std::string::npos);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(base64__vectors_of_rfc_4648__both_ways),   ACLK_TEST(base64__any_other_spelling__is_refused),
    ACLK_TEST(challenge__of_256_bytes__is_taken),        ACLK_TEST(challenge__anything_else__is_invalid),
    ACLK_TEST(challenge_answer__is_the_documented_text), ACLK_TEST(challenge_answer__of_214_bytes__has_no_line_breaks),
};

}  // namespace
}  // namespace test_challenge

int challenge_suite() { return cmocka_run_group_tests_name("challenge", test_challenge::tests, nullptr, nullptr); }

}  // namespace aclk::test
