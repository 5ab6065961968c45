// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/cloud_answer.h"

#include "tests/unit/cmocka_main.h"
#include "tests/unit/login/suites.h"

namespace aclk::test {
namespace test_json {
namespace {

using login::parse_json_object;

std::string repeated(std::string_view s, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += s;
  return out;
}

std::string json__an_object__comes_with_its_keys_in_order() {
  const auto o = parse_json_object(R"({"b":1,"a":{"x":2},"b":"3"})");
  EXPECT(o);
  EXPECT(o->keys == (std::vector<std::string>{"b", "a", "b"}));
  EXPECT(o->has_twice("b") && !o->has_twice("a") && !o->has_twice("x"));
  EXPECT_EQ(*o->string("b"), "3");
  EXPECT(o->string("a") == nullptr && o->string("nope") == nullptr);
  return {};
}

std::string json__anything_but_an_object__is_refused() {
  for (const auto *bad : {"", " ", "[]", "1", "null", "\"x\"", "{", "{]", "{\"a\":}", "{} {}", "{'a':1}", "\xff\xfe",
                          "{\"a\":\"\xc3\x28\"}", "{\"a\":1e999}", "{\"a\":01}"})
    EXPECT(parse_json_object(bad).error().code == Errc::parse);
  EXPECT(!parse_json_object(std::string_view("{\0}", 3)));
  return {};
}

std::string json__nested_a_hundred_thousand_deep__is_refused_and_costs_nothing() {
  for (const auto *brick : {"[", "{\"a\":"}) {
    const auto r = parse_json_object("{\"a\":" + repeated(brick, 100'000));
    EXPECT(!r && r.error().code == Errc::too_big);
  }
  EXPECT(parse_json_object("{\"a\":" + repeated("[", 15) + repeated("]", 15) + "}"));
  EXPECT(!parse_json_object("{\"a\":" + repeated("[", 16) + repeated("]", 16) + "}"));
  return {};
}

std::string json__more_values_than_anybody_sends__is_refused() {
  EXPECT(parse_json_object("{\"a\":[" + repeated("0,", 90'000) + "0]}"));
  for (const auto *brick : {"0,", "[],", "{},", "\"\","})
    EXPECT(parse_json_object("{\"a\":[" + repeated(brick, 110'000) + "0]}").error().code == Errc::too_big);
  return {};
}

std::string json__of_one_long_string__is_taken() {
  const auto r = parse_json_object("{\"a\":\"" + std::string(1U << 20, 'x') + "\"}");
  EXPECT(r && r->string("a")->size() == 1U << 20);
  return {};
}

std::string json__broken__error_quotes_nothing_of_it() {
  const auto r = parse_json_object(R"({"password":"hunter2","x":hunter2)");
  EXPECT(!r && r.error().what.find("hunter2") == std::string::npos);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(json__an_object__comes_with_its_keys_in_order),
    ACLK_TEST(json__anything_but_an_object__is_refused),
    ACLK_TEST(json__nested_a_hundred_thousand_deep__is_refused_and_costs_nothing),
    ACLK_TEST(json__more_values_than_anybody_sends__is_refused),
    ACLK_TEST(json__of_one_long_string__is_taken),
    ACLK_TEST(json__broken__error_quotes_nothing_of_it),
};

}  // namespace
}  // namespace test_json

int json_suite() { return cmocka_run_group_tests_name("json", test_json::tests, nullptr, nullptr); }

}  // namespace aclk::test
