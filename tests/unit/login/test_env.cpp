// SPDX-License-Identifier: GPL-3.0-or-later
//
// aclk/session/README.md, "Env", one test per rule.
#include "aclk/login/env.h"

#include <nlohmann/json.hpp>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/login/suites.h"

namespace aclk::test {
namespace test_env {
namespace {

using login::agree;
using login::parse_env;
using login::Status;
using nlohmann::json;

json good() {
  return json::parse(R"({
    "authEndpoint": "https://app.example/api/v1/auth/",
    "encoding": "proto",
    "transports": [{"type": "MQTTv5", "endpoint": "wss://mqtt.example:8443/mqtt"}],
    "backoff": {"base": 3, "maxSeconds": 600, "minSeconds": 4},
    "capabilities": ["proto", "ctx"]})");
}

// What the answer with one thing changed leads to: a status of form, of agreement, or `connected`.
Status verdict(const json &answer) {
  const auto env = parse_env(answer.dump());
  if (!env) return env.error().status;
  const auto a = agree(*env);
  return a ? Status::connected : a.error().status;
}
Status with(const char *pointer, const json &value) {
  auto j = good();
  j[json::json_pointer(pointer)] = value;
  return verdict(j);
}
login::BackoffLimits backoff_of(const json &answer) { return parse_env(answer.dump())->backoff; }
Url endpoint_of(const json &answer) { return agree(*parse_env(answer.dump()))->endpoint; }
Status without(const char *key) {
  auto j = good();
  j.erase(key);
  return verdict(j);
}

std::string env__good__has_all_it_says() {
  const auto env = parse_env(good().dump());
  EXPECT(env && env->notes.empty());
  EXPECT_EQ(env->backoff.base, 3U);
  EXPECT_EQ(env->backoff.min_s, 4U);
  EXPECT_EQ(env->backoff.max_s, 600U);
  const auto a = agree(*env);
  EXPECT(a);
  EXPECT_EQ(a->auth.host, "app.example");
  EXPECT_EQ(a->auth.port, 443);
  EXPECT_EQ(a->endpoint.str(), "wss://mqtt.example:8443/mqtt");
  return {};
}

std::string env__empty__is_env_empty() {
  EXPECT(parse_env("").error().status == Status::env_empty);
  return {};
}

std::string env__no_json__is_env_not_json() {
  for (const auto *bad : {"<html>", "[]", "{", "null"}) EXPECT(parse_env(bad).error().status == Status::env_not_json);
  return {};
}

std::string env__a_compulsory_key_missing__is_env_not_json() {
  for (const auto *key : {"authEndpoint", "encoding", "transports", "backoff"})
    EXPECT(without(key) == Status::env_not_json);
  return {};
}

std::string env__auth_endpoint_of_wrong_type_or_twice__is_env_not_json() {
  EXPECT(with("/authEndpoint", 1) == Status::env_not_json);
  auto text = good().dump();
  text.insert(1, R"("authEndpoint":"https://other.example",)");
  EXPECT(parse_env(text).error().status == Status::env_not_json);
  return {};
}

std::string env__encoding_of_no_known_name__counts_as_missing() {
  for (const auto *e : {"", "PROTO", "xml"}) EXPECT(with("/encoding", e) == Status::env_not_json);
  EXPECT(with("/encoding", nullptr) == Status::env_not_json);
  return {};
}

std::string env__encoding_json__is_the_old_protocol() {
  EXPECT(with("/encoding", "json") == Status::no_old_protocol);
  return {};
}

std::string env__old_protocol__still_has_its_backoff() {
  auto j = good();
  j["encoding"] = "json";
  EXPECT_EQ(backoff_of(j).base, 3U);
  return {};
}

std::string env__no_proto_capability__is_refused() {
  EXPECT(with("/capabilities", json::array()) == Status::no_protocol_capability);
  EXPECT(with("/capabilities", {"ctx"}) == Status::no_protocol_capability);
  EXPECT(with("/capabilities", {"proto2", "prot"}) == Status::no_protocol_capability);
  EXPECT(without("capabilities") == Status::no_protocol_capability);
  return {};
}

std::string env__capability_in_any_case__is_found() {
  EXPECT(with("/capabilities", {"x", "PrOtO"}) == Status::connected);
  return {};
}

std::string env__capabilities_of_wrong_type__is_env_not_json() {
  EXPECT(with("/capabilities", "proto") == Status::env_not_json);
  EXPECT(with("/capabilities", json::array({"proto", 1})) == Status::env_not_json);
  return {};
}

std::string env__backoff_base__must_be_one_to_ten() {
  for (int ok : {1, 2, 10}) EXPECT(with("/backoff/base", ok) == Status::connected);
  for (const auto &bad : {json(0), json(11), json(-1), json(2.0), json("2"), json(nullptr), json(true)})
    EXPECT(with("/backoff/base", bad) == Status::env_not_json);
  EXPECT(with("/backoff", json::object()) == Status::env_not_json);
  EXPECT(with("/backoff", 2) == Status::env_not_json);
  return {};
}

std::string env__max_seconds_below_500__is_accepted() {
  for (std::uint32_t s : {0U, 1U, 300U, 499U}) {
    auto j = good();
    j["backoff"]["maxSeconds"] = s;
    EXPECT_EQ(backoff_of(j).max_s, s);
  }
  return {};
}

std::string env__seconds_of_wrong_type_or_sign__is_env_not_json() {
  for (const auto *key : {"/backoff/minSeconds", "/backoff/maxSeconds"})
    for (const auto &bad : {json(-1), json(1.5), json("5"), json(nullptr), json::array()})
      EXPECT(with(key, bad) == Status::env_not_json);
  return {};
}

std::string env__seconds_absent__are_the_defaults() {
  auto j = good();
  j["backoff"] = {{"base", 2}};
  const auto env = parse_env(j.dump());
  EXPECT_EQ(env->backoff.min_s, 0U);
  EXPECT_EQ(env->backoff.max_s, 1024U);
  return {};
}

std::string env__seconds_over_32_bits__are_as_much_as_fits() {
  auto j = good();
  j["backoff"]["maxSeconds"] = 18446744073709551615U;
  EXPECT_EQ(backoff_of(j).max_s, 4294967295U);
  return {};
}

std::string env__transports_of_wrong_form__is_env_not_json() {
  for (const auto &bad : {json::array(), json::object(), json("wss://x"), json::array({1}),
                          json::array({json::object()}), json::array({{{"type", 5}, {"endpoint", "wss://x"}}}),
                          json::array({{{"type", "MQTTv5"}, {"endpoint", 5}}}), json::array({{{"type", "MQTTv5"}}})})
    EXPECT(with("/transports", bad) == Status::env_not_json);
  return {};
}

std::string env__unknown_transport_type__is_only_skipped() {
  auto j = good();
  j["transports"] = json::array({{{"type", "QUICv1"}, {"endpoint", 7}},
                                 {{"type", "MQTTv3"}, {"endpoint", "wss://three"}},
                                 {{"type", "MQTTv5"}, {"endpoint", "wss://five"}},
                                 {{"type", "MQTTv5"}, {"endpoint", "wss://late"}}});
  const auto env = parse_env(j.dump());
  EXPECT(env);
  EXPECT_EQ(agree(*env)->endpoint.str(), "wss://five/");
  EXPECT_EQ(env->notes.size(), 1U);
  EXPECT(env->notes[0].find("QUICv1") != std::string::npos);
  return {};
}

std::string env__no_mqtt5_transport__is_found_before_a_challenge_is_spent() {
  EXPECT(with("/transports", json::array({{{"type", "MQTTv3"}, {"endpoint", "wss://x"}}})) ==
         Status::invalid_env_transport_idx);
  EXPECT(with("/transports", json::array({{{"type", "QUICv1"}}})) == Status::invalid_env_transport_idx);
  return {};
}

std::string env__transport_url_bad__is_found_before_a_challenge_is_spent() {
  for (const auto *bad : {"", "wss://", "wss://h:", "wss://h:99999", "mqtt://h", "wss://u:p@h"})
    EXPECT(with("/transports/0/endpoint", bad) == Status::invalid_env_transport_url);
  return {};
}

std::string env__transport_without_port__is_443() {
  auto j = good();
  j["transports"][0]["endpoint"] = "wss://mqtt.example";
  EXPECT_EQ(endpoint_of(j).port, 443);
  j["transports"][0]["endpoint"] = "wss://[::1]:9/a?b";
  EXPECT_EQ(endpoint_of(j).host, "::1");
  EXPECT_EQ(endpoint_of(j).path, "/a?b");
  return {};
}

std::string env__auth_url_bad__is_invalid_auth_url() {
  for (const auto *bad : {"", "https://", "https://h:0", "ftp://h", "https://h/a?b", "https://h/a#b"})
    EXPECT(with("/authEndpoint", bad) == Status::invalid_env_auth_url);
  return {};
}

std::string env__ways_in_clear__are_refused_unless_insecure() {
  for (const auto *scheme : {"ws://h/mqtt", "http://h/mqtt", "WS://h"}) {
    EXPECT(with("/transports/0/endpoint", scheme) == Status::invalid_env_transport_url);
    auto j = good();
    j["transports"][0]["endpoint"] = scheme;
    const auto r = agree(*parse_env(j.dump()));
    EXPECT(!r && r.error().error.what.find("not encrypted") != std::string::npos);
    EXPECT(agree(*parse_env(j.dump()), login::PlainText::allowed));
  }
  EXPECT(with("/authEndpoint", "http://h") == Status::invalid_env_auth_url);
  EXPECT(with("/authEndpoint", "ws://h") == Status::invalid_env_auth_url);
  return {};
}

std::string env__auth_endpoint__loses_one_trailing_slash() {
  const auto path = [](const char *url) {
    auto j = good();
    j["authEndpoint"] = url;
    return agree(*parse_env(j.dump()))->auth.path;
  };
  EXPECT_EQ(path("https://h/api/v1/auth/"), "/api/v1/auth");
  EXPECT_EQ(path("https://h/api/v1/auth"), "/api/v1/auth");
  EXPECT_EQ(path("https://h/a//"), "/a/");
  EXPECT_EQ(path("https://h/"), "");
  EXPECT_EQ(path("h"), "");
  return {};
}

std::string env__several_faults__are_reported_in_the_reference_order() {
  auto j = good();
  j["encoding"] = "json";
  j["capabilities"] = json::array();
  j["authEndpoint"] = "";
  j["transports"][0]["endpoint"] = "";
  EXPECT(verdict(j) == Status::no_old_protocol);
  j["encoding"] = "proto";
  EXPECT(verdict(j) == Status::no_protocol_capability);
  j["capabilities"] = {"proto"};
  EXPECT(verdict(j) == Status::invalid_env_auth_url);
  j["authEndpoint"] = "h";
  EXPECT(verdict(j) == Status::invalid_env_transport_url);
  return {};
}

std::string env__unknown_keys__are_noted_and_ignored() {
  auto j = good();
  j["extra"] = 1;
  j["backoff"]["more\n"] = 1;
  j["transports"][0]["x"] = 1;
  const auto env = parse_env(j.dump());
  EXPECT(env);
  EXPECT_EQ(env->notes.size(), 3U);
  const auto has = [&](const char *line) {
    return std::find(env->notes.begin(), env->notes.end(), line) != env->notes.end();
  };
  EXPECT(has(R"(ACLK: unknown JSON key in dictionary ("extra"))"));
  EXPECT(has(R"(ACLK: unknown JSON key in dictionary ("more?"))"));
  EXPECT(has(R"(ACLK: unknown JSON key in dictionary ("x"))"));
  return {};
}

std::string env__thousands_of_unknown_keys__make_few_notes() {
  auto j = good();
  for (int i = 0; i < 5000; ++i) j["k" + std::to_string(i)] = i;
  const auto env = parse_env(j.dump());
  EXPECT(env && env->notes.size() <= 8);
  return {};
}

std::string env__of_more_than_a_mebibyte__is_taken() {
  auto j = good();
  for (int i = 0; i < 12; ++i) j["k" + std::to_string(i)] = std::string(100'000, 'x');
  EXPECT(verdict(j) == Status::connected);
  return {};
}

std::string env__sentences__name_what_was_asked() {
  EXPECT(parse_env("x").error().error.what.find("/api/v1/env") != std::string::npos);
  auto j = good();
  j["authEndpoint"] = "https://h:x";
  EXPECT(agree(*parse_env(j.dump())).error().error.what.find("authEndpoint") != std::string::npos);
  return {};
}

std::string env__target__is_the_documented_query() {
  const auto *const want = "/api/v1/env?v=2.10.4&cap=proto,ctx&claim_id=0ceb4a41-6f8a-4bf0-a5e2-7f8fb0a6ad02";
  EXPECT_EQ(login::env_target("v2.10.4", "0ceb4a41-6f8a-4bf0-a5e2-7f8fb0a6ad02"), want);
  EXPECT_EQ(login::env_target("2.10.4", "0ceb4a41-6f8a-4bf0-a5e2-7f8fb0a6ad02"), want);
  EXPECT_EQ(login::env_target("v1 &x\r\n", "a/b"), "/api/v1/env?v=1%20%26x%0D%0A&cap=proto,ctx&claim_id=a%2Fb");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(env__good__has_all_it_says),
    ACLK_TEST(env__empty__is_env_empty),
    ACLK_TEST(env__no_json__is_env_not_json),
    ACLK_TEST(env__a_compulsory_key_missing__is_env_not_json),
    ACLK_TEST(env__auth_endpoint_of_wrong_type_or_twice__is_env_not_json),
    ACLK_TEST(env__encoding_of_no_known_name__counts_as_missing),
    ACLK_TEST(env__encoding_json__is_the_old_protocol),
    ACLK_TEST(env__old_protocol__still_has_its_backoff),
    ACLK_TEST(env__no_proto_capability__is_refused),
    ACLK_TEST(env__capability_in_any_case__is_found),
    ACLK_TEST(env__capabilities_of_wrong_type__is_env_not_json),
    ACLK_TEST(env__backoff_base__must_be_one_to_ten),
    ACLK_TEST(env__max_seconds_below_500__is_accepted),
    ACLK_TEST(env__seconds_of_wrong_type_or_sign__is_env_not_json),
    ACLK_TEST(env__seconds_absent__are_the_defaults),
    ACLK_TEST(env__seconds_over_32_bits__are_as_much_as_fits),
    ACLK_TEST(env__transports_of_wrong_form__is_env_not_json),
    ACLK_TEST(env__unknown_transport_type__is_only_skipped),
    ACLK_TEST(env__no_mqtt5_transport__is_found_before_a_challenge_is_spent),
    ACLK_TEST(env__transport_url_bad__is_found_before_a_challenge_is_spent),
    ACLK_TEST(env__transport_without_port__is_443),
    ACLK_TEST(env__auth_url_bad__is_invalid_auth_url),
    ACLK_TEST(env__ways_in_clear__are_refused_unless_insecure),
    ACLK_TEST(env__auth_endpoint__loses_one_trailing_slash),
    ACLK_TEST(env__several_faults__are_reported_in_the_reference_order),
    ACLK_TEST(env__unknown_keys__are_noted_and_ignored),
    ACLK_TEST(env__thousands_of_unknown_keys__make_few_notes),
    ACLK_TEST(env__of_more_than_a_mebibyte__is_taken),
    ACLK_TEST(env__sentences__name_what_was_asked),
    ACLK_TEST(env__target__is_the_documented_query),
};

}  // namespace
}  // namespace test_env

int env_suite() { return cmocka_run_group_tests_name("env", test_env::tests, nullptr, nullptr); }

}  // namespace aclk::test
