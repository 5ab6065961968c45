// SPDX-License-Identifier: GPL-3.0-or-later
//
// aclk/session/README.md, "Password", one test per rule.
#include "aclk/login/challenge.h"

#include <nlohmann/json.hpp>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/login/suites.h"

namespace aclk::test {
namespace test_password {
namespace {

using login::parse_password;
using login::Status;
using nlohmann::json;
using proto::Topic;

constexpr auto kClaim = "0ceb4a41-6f8a-4bf0-a5e2-7f8fb0a6ad02";
// The names that are used, from the table in proto/README.md, "Topics".
constexpr const char *kUsed[] = {"inbox-cmd",
                                 "inbox-cmd-v1",
                                 "agent-connection",
                                 "create-node-instance",
                                 "node-instance-connection",
                                 "node-instance-info",
                                 "node-instance-collectors",
                                 "contexts-snapshot",
                                 "contexts-updated",
                                 "alarm-log-v2",
                                 "alarm-snapshot-v2",
                                 "alarm-config"};

json topic(const std::string &name, const std::string &text) { return {{"name", name}, {"topic", text}}; }

json good() {
  json j{{"clientID", kClaim}, {"username", "user"}, {"password", "hunter2"}, {"topics", json::array()}};
  for (const auto *name : kUsed) j["topics"].push_back(topic(name, std::string("/agent/#{claim_id}/") + name));
  return j;
}

json &topic_of(json &j, const std::string &name) {
  for (auto &t : j["topics"])
    if (t["name"] == name) return t["topic"];
  throw std::runtime_error("no topic " + name);
}

void remove_topic(json &j, const std::string &name) {
  auto &all = j["topics"];
  all.erase(std::find_if(all.begin(), all.end(), [&](const json &t) { return t["name"] == name; }));
}

std::string topic_in(const json &j, Topic t) { return parse_password(j.dump(), kClaim)->topics[t]; }

Status verdict(const json &j) {
  const auto p = parse_password(j.dump(), kClaim);
  return p ? Status::connected : p.error().status;
}

std::string password__good__has_all_twelve_topics_with_the_claim_id() {
  const auto p = parse_password(good().dump(), kClaim);
  EXPECT(p && p->notes.empty());
  EXPECT_EQ(p->client_id + " " + p->username + " " + p->password, std::string(kClaim) + " user hunter2");
  for (std::size_t i = 0; i < proto::kTopicCount; ++i) {
    EXPECT_EQ(proto::kTopics[i].name, kUsed[i]);
    EXPECT_EQ(p->topics.full[i], std::string("/agent/") + kClaim + "/" + kUsed[i]);
  }
  EXPECT_EQ(p->topics[Topic::alarm_config], std::string("/agent/") + kClaim + "/alarm-config");
  return {};
}

std::string password__empty__is_password_empty() {
  EXPECT(parse_password("", kClaim).error().status == Status::otp_password_empty);
  return {};
}

std::string password__no_json__is_not_json() {
  for (const auto *bad : {"x", "[]", "{"})
    EXPECT(parse_password(bad, kClaim).error().status == Status::otp_password_not_json);
  return {};
}

std::string password__a_compulsory_key_missing_or_of_wrong_type__is_not_json() {
  for (const auto *key : {"clientID", "username", "password", "topics"}) {
    auto j = good();
    j.erase(key);
    EXPECT(verdict(j) == Status::otp_password_not_json);
    j[key] = 5;
    EXPECT(verdict(j) == Status::otp_password_not_json);
  }
  return {};
}

std::string password__strings_that_no_mqtt_packet_can_carry__are_refused() {
  for (const auto *key : {"clientID", "username", "password"}) {
    auto j = good();
    j[key] = std::string(65536, 'x');
    EXPECT(verdict(j) == Status::otp_password_not_json);
    j[key] = std::string("a\0b", 3);
    EXPECT(verdict(j) == Status::otp_password_not_json);
  }
  auto j = good();
  j["clientID"] = "";
  EXPECT(verdict(j) == Status::otp_password_not_json);
  return {};
}

std::string password__topics_of_wrong_form__is_not_json() {
  for (const auto &bad : {json::object(), json("x"), json::array({1}), json::array({json::object()}),
                          json::array({{{"name", "x"}}}), json::array({{{"name", 1}, {"topic", "x"}}})}) {
    auto j = good();
    j["topics"] = bad;
    EXPECT(verdict(j) == Status::otp_password_not_json);
  }
  return {};
}

std::string password__each_used_topic__is_compulsory() {
  for (const auto *name : kUsed) {
    auto j = good();
    remove_topic(j, name);
    const auto p = parse_password(j.dump(), kClaim);
    EXPECT(!p);
    const auto want = std::string(name) == "agent-connection" ? Status::no_lwt_topic : Status::otp_password_not_json;
    EXPECT(p.error().status == want);
    EXPECT_EQ(p.error().error.what,
              std::string("missing compulsory topic \"") + name + "\" in password response from cloud");
  }
  return {};
}

std::string password__topics_never_published__are_not_needed_and_unknown_ones_are_ignored() {
  auto j = good();
  j["topics"].insert(j["topics"].begin(), topic("alarm-checkpoint", "/x"));
  j["topics"].insert(j["topics"].begin(), topic("no-such-thing", ""));
  const auto p = parse_password(j.dump(), kClaim);
  EXPECT(p && p->notes.empty());
  return {};
}

std::string password__topic_without_tag__is_taken_as_it_is() {
  auto j = good();
  topic_of(j, "contexts-updated") = "/all/contexts";
  EXPECT_EQ(topic_in(j, Topic::contexts_updated), "/all/contexts");
  return {};
}

std::string password__only_the_first_tag__is_replaced() {
  auto j = good();
  topic_of(j, "inbox-cmd") = "/#{claim_id}/#{claim_id}";
  EXPECT_EQ(topic_in(j, Topic::inbox_cmd), std::string("/") + kClaim + "/#{claim_id}");
  return {};
}

std::string password__inbox_with_wildcard__is_taken() {
  auto j = good();
  topic_of(j, "inbox-cmd-v1") = "/agent/#{claim_id}/inbound/v1/cmd/+";
  EXPECT(verdict(j) == Status::connected);
  return {};
}

std::string password__topics_a_broker_would_hang_up_for__count_as_missing() {
  for (const auto &bad : {std::string(), std::string("/a/+"), std::string("/a/#"), std::string("a\0b", 3),
                          std::string(1025, 'x'), std::string("/#{claim_id}/#{claim_id}")}) {
    auto j = good();
    topic_of(j, "contexts-snapshot") = bad;
    EXPECT(verdict(j) == Status::otp_password_not_json);
  }
  return {};
}

std::string password__name_twice__first_usable_counts() {
  auto j = good();
  topic_of(j, "alarm-config") = "";
  j["topics"].push_back(topic("alarm-config", "/second"));
  j["topics"].push_back(topic("alarm-config", "/third"));
  const auto p = parse_password(j.dump(), kClaim);
  EXPECT_EQ(p->topics[Topic::alarm_config], "/second");
  EXPECT_EQ(p->notes.size(), 1U);
  return {};
}

std::string password__names_of_1_37__stand_in_for_the_newer_ones() {
  auto j = good();
  remove_topic(j, "alarm-log-v2");
  j["topics"].insert(j["topics"].begin(), topic("alarm-log", "/old/log"));
  j["topics"].insert(j["topics"].begin(), topic("alarm-snapshot", "/old/snapshot"));
  const auto p = parse_password(j.dump(), kClaim);
  EXPECT(p);
  EXPECT_EQ(p->topics[Topic::alarm_log], "/old/log");
  EXPECT_EQ(p->topics[Topic::alarm_snapshot], std::string("/agent/") + kClaim + "/alarm-snapshot-v2");
  return {};
}

std::string password__unknown_key__is_noted_and_ignored() {
  auto j = good();
  j["expires"] = 5;
  const auto p = parse_password(j.dump(), kClaim);
  EXPECT(p && p->notes.size() == 1);
  EXPECT_EQ(p->notes[0], R"(ACLK: Unknown key "expires" in passwd response payload. Ignoring)");
  return {};
}

std::string password__thousands_of_bad_topics__make_few_notes() {
  auto j = good();
  json topics = json::array();
  for (int i = 0; i < 5000; ++i) topics.push_back(topic("alarm-config", "#"));
  for (const auto &t : j["topics"]) topics.push_back(t);
  j["topics"] = topics;
  EXPECT(parse_password(j.dump(), kClaim)->notes.size() <= 8);
  return {};
}

std::string password__whatever_is_wrong__no_sentence_has_the_password() {
  for (const auto *key : {"clientID", "username", "topics"}) {
    auto j = good();
    j.erase(key);
    EXPECT(parse_password(j.dump(), kClaim).error().error.what.find("hunter2") == std::string::npos);
  }
  EXPECT(parse_password(good().dump() + "x", kClaim).error().error.what.find("hunter2") == std::string::npos);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(password__good__has_all_twelve_topics_with_the_claim_id),
    ACLK_TEST(password__empty__is_password_empty),
    ACLK_TEST(password__no_json__is_not_json),
    ACLK_TEST(password__a_compulsory_key_missing_or_of_wrong_type__is_not_json),
    ACLK_TEST(password__strings_that_no_mqtt_packet_can_carry__are_refused),
    ACLK_TEST(password__topics_of_wrong_form__is_not_json),
    ACLK_TEST(password__each_used_topic__is_compulsory),
    ACLK_TEST(password__topics_never_published__are_not_needed_and_unknown_ones_are_ignored),
    ACLK_TEST(password__topic_without_tag__is_taken_as_it_is),
    ACLK_TEST(password__only_the_first_tag__is_replaced),
    ACLK_TEST(password__inbox_with_wildcard__is_taken),
    ACLK_TEST(password__topics_a_broker_would_hang_up_for__count_as_missing),
    ACLK_TEST(password__name_twice__first_usable_counts),
    ACLK_TEST(password__names_of_1_37__stand_in_for_the_newer_ones),
    ACLK_TEST(password__unknown_key__is_noted_and_ignored),
    ACLK_TEST(password__thousands_of_bad_topics__make_few_notes),
    ACLK_TEST(password__whatever_is_wrong__no_sentence_has_the_password),
};

}  // namespace
}  // namespace test_password

int password_suite() { return cmocka_run_group_tests_name("password", test_password::tests, nullptr, nullptr); }

}  // namespace aclk::test
