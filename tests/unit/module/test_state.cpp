// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "aclk/report/state.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/module/tests.h"

namespace test_state {
using namespace aclk;
using namespace aclk::report;

namespace {

LinkState online() {
  LinkState s;
  s.claimed = true;
  s.claim_id = "cccccccc-2222-3333-4444-555555555555";
  s.cloud_url = "https://app.netdata.cloud";
  s.proxy = "none";
  s.session.online = true;
  s.session.connects = 3;
  s.session.last_connect_s = 1'700'000'000;
  s.session.publish_latency = std::chrono::microseconds(756);
  s.session.received = 9;
  s.session.pubacks = 5;
  s.session.pending_pubacks = 1;
  sync::NodeSync::View n;
  n.node.machine_guid = "11111111-2222-3333-4444-555555555555";
  n.node.hostname = "web/1";
  n.node.local = true;
  n.listed = true;
  s.nodes.push_back({n, {true, 1'700'000'123, 17, 1, 2, 3, 4, 5}});
  return s;
}

bool has(const std::string &text, const std::string &line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::string state_text__online__has_the_documented_lines() {
  const auto t = state_text(online());
  for (const char *line : {"ACLK Available: Yes",
                           "ACLK Version: 2",
                           "Protocols Supported: Protobuf",
                           "Protocol Used: Protobuf",
                           "MQTT Version: 5",
                           "Claimed: Yes",
                           "Claimed Id: cccccccc-2222-3333-4444-555555555555",
                           "Cloud URL: https://app.netdata.cloud",
                           "ACLK Proxy: none",
                           "Publish Latency: 756us",
                           "Online: Yes",
                           "Reconnect count: 2",
                           "Banned By Cloud: No",
                           "Received Cloud MQTT Messages: 9",
                           "MQTT Messages Confirmed by Remote Broker (PUBACKs): 5",
                           "Pending PUBACKS: 1",
                           "Alert Transitions Waiting: 2",
                           "> Node Instance for mGUID: \"11111111-2222-3333-4444-555555555555\" hostname \"web/1\"",
                           "\tNode ID: null",
                           "\tStreaming Hops: 0",
                           "\tRelationship: self",
                           "\tAlert Streaming Status:",
                           "\t\tUpdates: 1",
                           "\t\tCheckpoints: 3",
                           "\t\tAlert count: 17",
                           "\t\tAlert snapshot count: 4",
                           "Durable state: ok"})
    if (!has(t, line)) return std::string("missing: ") + line;
  return {};
}

std::string state_text__not_claimed__says_why_and_shows_no_claim() {
  LinkState s;
  s.why = "this node is not claimed";
  const auto t = state_text(s);
  EXPECT(has(t, "Claimed: No"));
  EXPECT(has(t, "Online: No"));
  EXPECT(has(t, "Status: not claimed") && has(t, "Reason: this node is not claimed"));
  s.session.state = session::ConnectionState::disabled;
  s.session.status = login::Status::disabled;
  EXPECT(has(state_text(s), "Status: disabled"));
  EXPECT_EQ(nlohmann::json::parse(state_json(s))["state"], "disabled");
  EXPECT(t.find("Claimed Id") == std::string::npos);
  return {};
}

std::string state_text__waiting__shows_when_and_how_long() {
  auto s = online();
  s.session.online = false;
  s.session.next_attempt_s = 1'700'000'100;
  s.session.last_backoff = std::chrono::milliseconds(4000);
  EXPECT(has(state_text(s), "Last Backoff: 4.000"));
  return {};
}

std::string state_json__keys__are_in_the_reference_order_and_slashes_escaped() {
  const auto t = state_json(online());
  const auto j = nlohmann::ordered_json::parse(t);
  std::string keys;
  for (const auto &[k, v] : j.items()) keys += k + " ";
  EXPECT_EQ(
      keys,
      "aclk-available aclk-version protocols-supported agent-claimed claimed-id cloud-url aclk_proxy "
      "publish_latency_us online used-cloud-protocol mqtt-version received-app-layer-msgs received-mqtt-pubacks "
      "pending-mqtt-pubacks reconnect-count last-connect-time-utc last-connect-time-puback-utc "
      "last-disconnect-time-utc next-connection-attempt-utc last-backoff-value banned-by-cloud node-instances "
      "durable-state state status status-symbol drops reason clock-offset-ms blocked-by blocked-until-utc queues bytes "
      "sent-messages received-messages attempts unreadable limited-by ");
  EXPECT_EQ(j["last-connect-time-utc"], "2023-11-14 22:13:20");
  EXPECT(j["next-connection-attempt-utc"].is_null());
  EXPECT(t.find("https:\\/\\/app.netdata.cloud") != std::string::npos);
  EXPECT_EQ(j["node-instances"][0]["relationship"], "self");
  EXPECT_EQ(j["node-instances"][0]["alert-sync-status"]["alert-version"], 1'700'000'123);
  return {};
}

std::string state__clock_offset__is_shown_once_known() {
  auto s = online();
  EXPECT(state_text(s).find("Clock Offset") == std::string::npos);
  EXPECT(nlohmann::json::parse(state_json(s))["clock-offset-ms"].is_null());
  s.session.clock_offset_ms = -7'250;
  EXPECT(has(state_text(s), "Clock Offset: -7.2 s"));
  EXPECT_EQ(nlohmann::json::parse(state_json(s))["clock-offset-ms"], -7'250);
  return {};
}

std::string state__attempts__are_told_in_words_and_as_a_list() {
  auto s = online();
  session::Attempt failed;
  failed.began_s = 1'700'000'000;
  failed.took = std::chrono::milliseconds(1250);
  failed.stage = session::ConnectionState::tls;
  failed.status = login::Status::invalid_ssl_certificate;
  failed.sentence = "expired";
  session::Attempt good;
  good.stage = session::ConnectionState::online;
  good.status = login::Status::connected;
  good.was_online = true;
  good.sentence = "connected to x";
  s.session.attempts = {failed, good, {}};
  const auto t = state_text(s);
  EXPECT(t.find("1.250 s to TLS  invalid SSL certification: expired\n") != std::string::npos);
  EXPECT(t.find("to online  connected: connected to x\n") != std::string::npos);
  EXPECT(t.ends_with("to env  running\n"));
  const auto j = nlohmann::json::parse(state_json(s))["attempts"];
  EXPECT_EQ(j.size(), 3U);
  EXPECT_EQ(j[0]["stage"], "TLS");
  EXPECT_EQ(j[0]["took-ms"], 1250);
  EXPECT_EQ(j[0]["status-symbol"], "ND_SOCK_ERR_SSL_INVALID_CERTIFICATE");
  EXPECT_EQ(j[0]["reason"], "expired");
  EXPECT(j[0]["online-s"].is_null() && j[1]["online-s"] == 0);
  EXPECT_EQ(j[2]["status"], "running");
  return {};
}

std::string state__what_cannot_be_read__is_said_with_since_when_and_why() {
  auto s = online();
  EXPECT(state_text(s).find("Cannot Be Read") == std::string::npos);
  EXPECT(nlohmann::json::parse(state_json(s))["unreadable"].empty());
  s.unreadable = {{"the alerts of node x", 1795255825, 12, "bad message"}};
  const auto t = state_text(s);
  EXPECT(t.find("\nCannot Be Read: the alerts of node x, since 20") != std::string::npos);
  EXPECT(has(t, "Online: Yes"));
  const auto j = nlohmann::json::parse(state_json(s))["unreadable"][0];
  EXPECT_EQ(j["what"].get<std::string>(), std::string("the alerts of node x"));
  EXPECT_EQ(j["attempts"].get<int>(), 12);
  EXPECT_EQ(j["reason"].get<std::string>(), std::string("bad message"));
  return {};
}

std::string state__scope_that_limits__is_said_of_a_running_link() {
  auto s = online();
  EXPECT(state_text(s).find("Limited By") == std::string::npos);
  EXPECT(nlohmann::json::parse(state_json(s))["limited-by"].is_null());
  s.limited = "[cloud] scope = license manager: the cloud may ask about nodes";
  EXPECT(has(state_text(s), "Limited By: " + s.limited) && has(state_text(s), "Online: Yes"));
  EXPECT_EQ(nlohmann::json::parse(state_json(s))["limited-by"].get<std::string>(), s.limited);
  return {};
}

std::string state_json__bytes_that_are_no_text__still_give_json() {
  auto s = online();
  s.nodes[0].node.node.hostname = "\xff\xfe";
  EXPECT(nlohmann::json::accept(state_json(s)));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(state_text__online__has_the_documented_lines),
    ACLK_TEST(state_text__not_claimed__says_why_and_shows_no_claim),
    ACLK_TEST(state_text__waiting__shows_when_and_how_long),
    ACLK_TEST(state_json__keys__are_in_the_reference_order_and_slashes_escaped),
    ACLK_TEST(state__clock_offset__is_shown_once_known),
    ACLK_TEST(state__attempts__are_told_in_words_and_as_a_list),
    ACLK_TEST(state__what_cannot_be_read__is_said_with_since_when_and_why),
    ACLK_TEST(state__scope_that_limits__is_said_of_a_running_link),
    ACLK_TEST(state_json__bytes_that_are_no_text__still_give_json),
};

}  // namespace
}  // namespace test_state

int run_state_tests() { return cmocka_run_group_tests_name("state", test_state::tests, nullptr, nullptr); }
