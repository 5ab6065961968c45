// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits>

#include "plugin-api/external/json/lenient_json.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_json {
namespace {

using nlohmann::json;

std::string parsed(std::string_view text) {
  const auto j = parse_agent_json(text, "test");
  return j ? j->dump(-1, ' ', true) : "error: " + j.error().what;
}

std::string json__with_an_unknown_escape__keeps_the_backslash() {
  EXPECT_EQ(parsed(R"({"info":"stock test back\slash value","n":1})"),
            R"({"info":"stock test back\\slash value","n":1})");
  EXPECT_EQ(parsed(R"(["\d+\.\w", "\\s", "\/"])"), R"(["\\d+\\.\\w","\\s","/"])");
  return {};
}

std::string json__recorded_broken_documents__are_read() {
  for (const auto *name : {"v1_alarms_all.json", "v1_alarm_log.json"}) {
    EXPECT(json::parse(sample(name), nullptr, false).is_discarded());
    EXPECT(parse_agent_json(sample(name), name));
  }
  const auto alarms = sample_json("v1_alarms_all.json");
  EXPECT_EQ(alarms["alarms"]["stocktest.c1.stocktest_high"]["info"].get<std::string>(),
            "stock test back\\slash value is high");
  return {};
}

std::string json__text_ending_in_a_backslash__ends_at_its_line() {
  EXPECT_EQ(parsed("{\"info\": \"C:\\\",\n\"name\": \"x\\\"\n}"), R"({"info":"C:\\","name":"x\\"})");
  EXPECT_EQ(parsed("{\"a\": \"say \\\"hi\\\", you\",\n\"b\": \"\\q\"}"), R"({"a":"say \"hi\", you","b":"\\q"})");
  return {};
}

std::string json__broken_unicode__is_replaced() {
  EXPECT_EQ(parsed("[\"caf\xe9\", \"\xff\", \"\xc3\xa9\", \"\xed\xa0\x80\", \"\xf4\x90\x80\x80\", \"\xc0\xaf\"]"),
            R"(["caf\ufffd","\ufffd","\u00e9","\ufffd\ufffd\ufffd","\ufffd\ufffd\ufffd\ufffd","\ufffd\ufffd"])");
  EXPECT_EQ(parsed(R"(["\ud800", "\ud83d\ude00", "\udc00x", "\u12", "\uzzzz"])"),
            R"(["\ufffd","\ud83d\ude00","\ufffdx","\\u12","\\uzzzz"])");
  return {};
}

std::string json__control_characters_and_odd_numbers__are_read() {
  EXPECT_EQ(parsed("[\"a\tb\nc\x01\"]"), R"(["a\tb\nc\u0001"])");
  EXPECT_EQ(parsed("{\"a\":nan,\"b\":-nan,\"c\":inf,\"d\":-inf,\"e\":1e5,\"f\":true,\"g\":1E-3}"),
            R"({"a":null,"b":null,"c":null,"d":null,"e":100000.0,"f":true,"g":0.001})");
  return {};
}

std::string json__valid_documents__are_not_touched() {
  for (const auto *name : {"v1_info.json", "v1_contexts.json", "v1_charts.json", "v143_alarms_all.json"})
    EXPECT_EQ(repair_json(sample(name)), sample(name));
  return {};
}

std::string json__no_json__is_an_error_and_never_a_crash() {
  for (const std::string bad : {"", " ", "{", "[1,", "\"", "\"\\", "{\"a\":\"\\u", "nope nope", "{\"a\":1 \"b\":2}",
                                "\\", "-", "[\"\\ud800\\u", "<html>"})
    EXPECT(!parse_agent_json(bad, "x"));
  EXPECT(!parse_agent_json(std::string(100'000, '['), "deep"));
  EXPECT(!parse_agent_json(std::string(65, '[') + std::string(65, ']'), "deep"));
  EXPECT(parse_agent_json(std::string(64, '[') + std::string(64, ']'), "deep"));
  EXPECT_EQ(json_extent("{\"[[[\":[1,{}],\"\\\"[\":[]}").depth, 3U);
  // Every prefix of a broken document.
  const auto doc = sample("v1_alarms_all.json").substr(0, 3000);
  for (std::size_t n = 0; n < doc.size(); ++n) (void)parse_agent_json(std::string_view(doc).substr(0, n), "x");
  return {};
}

// Found by fuzzing: the JSON library takes a NUL for the end of its input, and brackets after it were not counted.
std::string json__nul_between_values__is_an_error() {
  using namespace std::string_view_literals;
  EXPECT(!parse_agent_json("{}\0"sv, "x"));
  EXPECT(!parse_agent_json("null\0[[[["sv, "x"));
  EXPECT(parse_agent_json("{\"a\":\"b\0c\"}"sv, "x"));
  // An entry with one is lost for itself.
  const auto j = parse_agent_json("{\n\t\"alarms\": {\n\t\t\"a\": 1\0,\n\t\t\"b\": 2\n\t}\n}\n"sv, "x");
  EXPECT(j);
  EXPECT_EQ((*j)["alarms"].dump(), R"({"b":2})");
  return {};
}

std::string fields__of_any_type__are_read() {
  const auto j = json::parse(R"({"s":"x","n":5,"f":1.5,"t":true,"z":null,"ns":"12","fs":"2.5e3","bad":"abc",
    "ts":"true","no":"no","o":{"a":1},"l":[1],"neg":-3,"big":18446744073709551615,"huge":1e300})");
  EXPECT_EQ(text_of(j, "s"), "x");
  EXPECT_EQ(text_of(j, "n"), "5");
  EXPECT_EQ(text_of(j, "t"), "true");
  EXPECT_EQ(text_of(j, "z") + text_of(j, "nope") + text_of(j, "o"), "");
  EXPECT_EQ(text_of(j, "z", "s"), "x");
  EXPECT_EQ(number_of(j, "fs").value_or(0), 2500.0);
  EXPECT(!number_of(j, "bad") && !number_of(j, "z"));
  EXPECT_EQ(int_of(j, "ns"), 12);
  EXPECT_EQ(int_of(j, "neg"), -3);
  EXPECT_EQ(int_of(j, "bad", 7), 7);
  EXPECT_EQ(uint_of(j, "neg", 9), 9U);
  EXPECT_EQ(uint_of(j, "big"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(int_of(j, "big"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(int_of(j, "huge"), std::numeric_limits<std::int64_t>::max());
  EXPECT(bool_of(j, "t") && bool_of(j, "ts") && bool_of(j, "n") && !bool_of(j, "no") && bool_of(j, "z", true));
  EXPECT_EQ(object_of(j, "o").size(), 1U);
  EXPECT(object_of(j, "l").empty() && array_of(j, "o").empty() && array_of(j, "l").size() == 1);
  EXPECT_EQ(text_of(json::array(), "a"), "");
  EXPECT_EQ(text_of(json{{"a", std::string(100'000, 'x')}}, "a").size(), kMaxField);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(json__with_an_unknown_escape__keeps_the_backslash),
    ACLK_TEST(json__recorded_broken_documents__are_read),
    ACLK_TEST(json__text_ending_in_a_backslash__ends_at_its_line),
    ACLK_TEST(json__broken_unicode__is_replaced),
    ACLK_TEST(json__control_characters_and_odd_numbers__are_read),
    ACLK_TEST(json__valid_documents__are_not_touched),
    ACLK_TEST(json__nul_between_values__is_an_error),
    ACLK_TEST(json__no_json__is_an_error_and_never_a_crash),
    ACLK_TEST(fields__of_any_type__are_read),
};

}  // namespace
}  // namespace test_json

int json_tests() { return cmocka_run_group_tests_name("json", test_json::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
