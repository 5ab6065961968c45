// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the agent's log hears of an outage, with a clock of our own.
#include "aclk/session/session_log.h"

#include <string>
#include <vector>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/host_table.h"
#include "tests/unit/session/tests.h"

namespace test_outage_log {
using namespace aclk;
using namespace aclk::session;
using namespace std::chrono_literals;
using Kind = mqtt::ConnectionEnd::Kind;
using Tell = OutageLog::Tell;
using login::Status;

namespace {

struct Rig {
  Rig() : host(test::adopted(table(lines))), log(host), outage(log, [this] { return now; }) {}
  Rig(const Rig &) = delete;
  Rig &operator=(const Rig &) = delete;

  // Lines begin with the first letter of their level.
  static naclk_host table(std::vector<std::string> &lines) {
    auto t = test::empty_host(&lines);
    t.log = [](void *to, naclk_log_source, naclk_log_level level, naclk_str line) {
      const auto *const mark = level == NACLK_LOG_ERROR ? "E " : level == NACLK_LOG_NOTICE ? "N " : "I ";
      static_cast<std::vector<std::string> *>(to)->push_back(mark + std::string(line.data, line.len));
    };
    return t;
  }

  void pass(std::chrono::seconds t) {
    now.now += t;
    now.wall_s += t.count();
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }

  // A whole attempt that fails.
  Tell attempt(const std::string &why, std::chrono::milliseconds pause = 10s) {
    const auto tell = outage.failed(Status::closed_by_remote, why, {{NACLK_LOG_ERROR, why}});
    outage.conclude(tell, why, Status::closed_by_remote, {Do::wait, pause});
    return tell;
  }

  Outage::Moment now{std::chrono::steady_clock::time_point(1h), 1'795'257'225};
  std::vector<std::string> lines;
  host::Host host;
  host::Log log;
  OutageLog outage;
};

using Lines = std::vector<std::string>;

std::string outage_log__same_failure_again__is_counted_and_summed_up_with_the_next_attempt() {
  Rig r;
  EXPECT(r.attempt("no answer from h:443") == Tell::in_full);
  EXPECT(r.take() == Lines({"E ACLK: no answer from h:443",
                            "E Netdata Cloud, ACLK connection status: disconnected, closed by remote end"}));
  for (int i = 0; i < 2; ++i) {
    r.pass(10s);
    EXPECT(r.attempt("no answer from h:443") == Tell::nothing);
  }
  EXPECT(r.take().empty());
  r.pass(10s);
  EXPECT(r.attempt("no answer from h:443", 61'001ms) == Tell::summary);
  const auto told = r.take();
  EXPECT_EQ(told.size(), 1U);
  EXPECT(told[0].starts_with("E ACLK: still not connected: no answer from h:443; 4 attempts since "));
  EXPECT(told[0].ends_with(", the next in 62 s"));
  return {};
}

std::string outage_log__summary_without_another_attempt__says_so() {
  Rig r;
  r.outage.conclude(Tell::summary, "banned", Status::closed_by_remote, {Do::nothing, 0ms});
  const auto told = r.take();
  EXPECT(told.size() == 1 && told[0].ends_with(", and no further one for now"));
  r.outage.conclude(Tell::nothing, "banned", Status::closed_by_remote, {Do::wait, 1s});
  EXPECT(r.take().empty());
  return {};
}

std::string outage_log__connected_again__says_after_how_many_attempts_and_how_long() {
  Rig r;
  r.outage.connected();
  EXPECT(r.take().empty());  // there was no trouble
  for (int i = 0; i < 3; ++i) {
    EXPECT((r.attempt("timeout") == Tell::in_full) == (i == 0));
    r.pass(60s);
  }
  r.lines.clear();
  r.outage.connected();
  // The one that went well counts, too.
  EXPECT(r.take() == Lines({"I ACLK: connected after 4 attempts in 3 min"}));
  r.outage.connected();
  EXPECT(r.take().empty());
  EXPECT(r.attempt("timeout") == Tell::in_full);  // another outage
  return {};
}

std::string outage_log__errors_on_the_way__are_told_with_a_failure_that_is_told_and_else_not() {
  Rig r;
  r.outage.note_error("a strange answer");
  EXPECT(r.take().empty());
  EXPECT(r.outage.failed(Status::closed_by_remote, "x", {{NACLK_LOG_NOTICE, "a"}, {NACLK_LOG_ERROR, "b"}}) ==
         Tell::in_full);
  EXPECT(r.take() == Lines({"E ACLK: a strange answer", "N ACLK: a", "E ACLK: b"}));
  r.outage.note_error("a strange answer");
  EXPECT(r.outage.failed(Status::closed_by_remote, "x", {{NACLK_LOG_ERROR, "b"}}) == Tell::nothing);
  EXPECT(r.take().empty());
  // It belonged to that attempt, and is not told with the next.
  EXPECT(r.outage.failed(Status::closed_by_remote, "y", {{NACLK_LOG_ERROR, "c"}}) == Tell::in_full);
  EXPECT(r.take() == Lines({"E ACLK: c"}));
  return {};
}

std::string outage_log__errors_before_a_login__are_told_once_in_an_outage() {
  Rig r;
  for (int i = 0; i < 3; ++i) {
    r.outage.note_error("unknown key");
    r.outage.logged_in();
    r.outage.note("cloud h is used");
  }
  EXPECT(r.take() == Lines({"E ACLK: unknown key", "I ACLK: cloud h is used"}));
  EXPECT(r.outage.failed(Status::closed_by_remote, "x", {}) == Tell::in_full);
  EXPECT(r.take().empty());  // nothing is held any more
  return {};
}

std::string outage_log__lost_connection__is_told_in_full_each_time() {
  Rig r;
  for (int i = 0; i < 2; ++i) {
    EXPECT(r.outage.lost(Status::ping_timeout, "no pong", {{NACLK_LOG_ERROR, "no pong"}}) == Tell::in_full);
    EXPECT(r.take() == Lines({"E ACLK: no pong"}));
    EXPECT(r.attempt("no pong") == Tell::in_full);  // the same words of another status are another kind
    EXPECT(r.attempt("no pong") == Tell::nothing);
    r.outage.connected();
    r.lines.clear();
  }
  return {};
}

std::string outage_log__status__is_information_when_connected_and_an_error_else() {
  Rig r;
  r.outage.status(Status::connected);
  r.outage.status(Status::offline);
  EXPECT(r.take() == Lines({"I Netdata Cloud, ACLK connection status: connected",
                            "E Netdata Cloud, ACLK connection status: offline"}));
  return {};
}

Lines texts(const mqtt::ConnectionEnd &end, Ended what = Ended::attempt) {
  Lines out;
  for (const auto &line : lines_of(end, *parse_url("wss://h:8443/mqtt"), what)) out.push_back(line.text);
  return out;
}

mqtt::ConnectionEnd end_of(Kind kind) {
  mqtt::ConnectionEnd e;
  e.kind = kind;
  e.error.what = "the sentence";
  return e;
}

std::string lines_of__each_end__has_the_documented_line_before_the_sentence() {
  const auto first = [](const mqtt::ConnectionEnd &e) { return texts(e).front(); };
  EXPECT(texts(end_of(Kind::by_us)).empty());
  EXPECT(texts(end_of(Kind::socket)) == Lines({"the sentence", "ACLK: connection failed"}));
  EXPECT(texts(end_of(Kind::socket), Ended::connection) == Lines({"the sentence", "Connection Error or Dropped"}));
  EXPECT_EQ(first(end_of(Kind::dial)), "Could not connect to remote endpoint \"h\", port 8443.");
  EXPECT_EQ(first(end_of(Kind::tls)), "Failed to start SSL connection");
  EXPECT_EQ(first(end_of(Kind::ping_timeout)), "Going to restart connection due to \"ping timeout\"");
  EXPECT_EQ(lines_of(end_of(Kind::ping_timeout), {}, Ended::connection).front().level, NACLK_LOG_NOTICE);
  auto e = end_of(Kind::connack);
  e.mqtt_reason = 135;
  EXPECT_EQ(first(e), "MQTT CONNACK returned error 135");
  e.kind = Kind::by_server;
  EXPECT_EQ(first(e), "Got MQTT DISCONNECT control packet from server. Reason code: 135");
  return {};
}

std::string lines_of__refused_upgrade_and_close__say_what_is_known() {
  auto e = end_of(Kind::upgrade);
  EXPECT_EQ(texts(e).size(), 2U);  // no status: there was no answer
  e.http_status = 403;
  e.http_reason = "Forbidden";
  EXPECT_EQ(texts(e).front(), "ACLK: HTTP return code not 101. Received 403 with msg \"Forbidden\".");
  e.http_status = 101;
  EXPECT_EQ(texts(e).size(), 2U);
  e = end_of(Kind::closed_by_remote);
  EXPECT_EQ(texts(e).front(), "ACLK: WebSocket server closed the connection without giving reason.");
  e.ws_code = 1001;
  EXPECT_EQ(texts(e).size(), 2U);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(outage_log__same_failure_again__is_counted_and_summed_up_with_the_next_attempt),
    ACLK_TEST(outage_log__summary_without_another_attempt__says_so),
    ACLK_TEST(outage_log__connected_again__says_after_how_many_attempts_and_how_long),
    ACLK_TEST(outage_log__errors_on_the_way__are_told_with_a_failure_that_is_told_and_else_not),
    ACLK_TEST(outage_log__errors_before_a_login__are_told_once_in_an_outage),
    ACLK_TEST(outage_log__lost_connection__is_told_in_full_each_time),
    ACLK_TEST(outage_log__status__is_information_when_connected_and_an_error_else),
    ACLK_TEST(lines_of__each_end__has_the_documented_line_before_the_sentence),
    ACLK_TEST(lines_of__refused_upgrade_and_close__say_what_is_known),
};

}  // namespace
}  // namespace test_outage_log

int run_outage_log_tests() {
  return cmocka_run_group_tests_name("outage_log", test_outage_log::kTests, nullptr, nullptr);
}
