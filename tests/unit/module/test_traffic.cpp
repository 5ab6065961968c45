// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "aclk/report/traffic.h"
#include "proto/message_types.h"
#include "proto/node.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/module/tests.h"
#include "tests/unit/temp_dir.h"

namespace test_traffic {
using namespace aclk;
using namespace aclk::report;

namespace {

namespace fs = std::filesystem;
using mqtt::Delivery;
using nlohmann::json;

std::string hello() {
  proto::UpdateAgentConnection m;
  m.claim_id = "c1";
  m.reachable = true;
  m.session_id = 42;
  m.updated_at_us = 1'500'000;
  m.capabilities = {{"proto", 1, true}};
  return proto::encode(m);
}

std::string clear__message__is_readable() {
  const auto j = json::parse(proto::message_json("UpdateAgentConnection", hello()));
  EXPECT_EQ(j["claim_id"], "c1");
  EXPECT_EQ(j["reachable"], true);
  EXPECT_EQ(j["updated_at"]["seconds"], 1);
  EXPECT_EQ(j["capabilities"][0]["name"], "proto");
  EXPECT_EQ(proto::message_json("Unknown", hello()), std::string());
  EXPECT_EQ(proto::message_json("UpdateAgentConnection", "\xff\xff\xff"), std::string());
  EXPECT_EQ(json::parse(proto::message_json("SendNodeInstances", "")).is_object(), true);
  return {};
}

std::string traffic__messages__are_counted_and_the_last_is_kept() {
  Traffic t;
  t.sending("UpdateAgentConnection", hello(), 1'000'000);
  t.sending("UpdateAgentConnection", hello(), 2'000'000);
  t.ended("UpdateAgentConnection", Delivery::acked);
  t.ended("UpdateAgentConnection", Delivery::lost);
  t.received("cmd", "a question", 3'000'000);
  t.sending("query-reply", "{\"http-code\":200}\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nvalues", 4'000'000);
  const auto j = json::parse(traffic_json(t, 1));
  const auto &sent = j["sent"];
  EXPECT_EQ(sent[0]["type"], "UpdateAgentConnection");
  EXPECT_EQ(sent[0]["count"], 2);
  EXPECT_EQ(sent[0]["bytes"], 2 * hello().size());
  EXPECT_EQ(sent[0]["confirmed"], 1);
  EXPECT_EQ(sent[0]["failed"], 1);
  EXPECT_EQ(sent[0]["last-utc"], "1970-01-01T00:00:02.000Z");
  EXPECT_EQ(sent[0]["last"]["claim_id"], "c1");
  EXPECT_EQ(sent[1]["last"], "{\"http-code\":200}\r\n\r\nHTTP/1.1 200 OK\r\nA: b");
  EXPECT_EQ(j["received"][0]["last"], "a question");
  return {};
}

std::string traffic__hostile_types_and_sizes__are_bounded() {
  Traffic t;
  for (int i = 0; i < 1000; ++i) t.received("type" + std::to_string(i), "x", 0);
  t.received(std::string(1000, 'a'), "x", 0);
  EXPECT(t.received().size() <= Traffic::kMaxTypes);
  EXPECT(t.received().find(kOtherTypes)->second.count > 900);
  t.sending("ContextsSnapshot", std::string(Traffic::kMaxKept + 1, 'x'), 0);
  EXPECT(t.sent().begin()->second.last.empty());
  EXPECT(json::parse(traffic_json(t, 0))["sent"][0]["last"].is_null());
  t.sending("query-reply", std::string(1U << 20, '\xff'), 0);
  EXPECT(json::parse(traffic_json(t, 0)).is_object());
  return {};
}

std::string conversation_line__any_message__is_one_line_of_json() {
  for (const auto &[type, payload] : {std::pair<std::string, std::string>{"cmd", "a\r\nb\xff"},
                                      {"UpdateAgentConnection", hello()},
                                      {"UpdateAgentConnection", "rubbish\xff"},
                                      {std::string(500, 'x'), "y"}}) {
    const auto line = conversation_line(proto::Direction::to_cloud, type, payload, 1);
    EXPECT(line.ends_with('\n') && line.find('\n') == line.size() - 1);
    EXPECT_EQ(json::parse(line)["bytes"], payload.size());
  }
  return {};
}

std::string conversation_log__full__is_rotated_once() {
  const aclk::test::TempDir dir;
  const auto file = dir / "aclk.log";
  const auto size = [](const fs::path &p) { return fs::exists(p) ? static_cast<long long>(fs::file_size(p)) : -1; };
  long long now = 0;
  long long old = 0;
  bool again = false;
  unsigned mode = 0;
  {
    ConversationLog log(file, 100);
    const std::string line(39, 'x');
    for (int i = 0; i < 5; ++i) (void)log.write(line + "\n");
    now = size(file);
    old = size(dir / "aclk.log.1");
    struct stat st {};
    ::stat(file.c_str(), &st);
    mode = st.st_mode & 0777U;
    fs::rename(file, dir / "moved");  // as logrotate does
    again = log.write("new\n") && size(file) == 4;
  }
  EXPECT_EQ(now, 40);
  EXPECT_EQ(old, 80);
  EXPECT_EQ(mode & ~0640U, 0U);
  EXPECT(again);
  EXPECT(!ConversationLog("/nonexistent/aclk.log").write("x\n"));
  EXPECT(!ConversationLog("/dev/null").write("x\n"));
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(clear__message__is_readable),
    ACLK_TEST(traffic__messages__are_counted_and_the_last_is_kept),
    ACLK_TEST(traffic__hostile_types_and_sizes__are_bounded),
    ACLK_TEST(conversation_line__any_message__is_one_line_of_json),
    ACLK_TEST(conversation_log__full__is_rotated_once),
};

}  // namespace
}  // namespace test_traffic

int run_traffic_tests() { return cmocka_run_group_tests_name("traffic", test_traffic::kTests, nullptr, nullptr); }
