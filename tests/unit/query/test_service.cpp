// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a question is answered, and what becomes of the answer.
#include "tests/unit/query/service_rig.h"

#include "aclk/query/gzip.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/query/tests.h"

namespace test_service {
using namespace aclk;
using namespace aclk::query;
using namespace aclk::query::test;
using namespace std::chrono_literals;

namespace {

std::string service__question__goes_to_the_host_and_its_answer_to_the_callback_topic() {
  Rig r;
  r.ask(message("q1", "/node/child/api/v1/data?chart=system.cpu", ",\"timeout\":4000",
                "X-Netdata-Role: admin\r\nX-Auth-Token: secret\r\nX-Transaction-ID: "
                "00112233-4455-6677-8899-aabbccddeeff\r\n"));
  EXPECT(r.until_sent(1));
  const auto seen = r.host.seen();
  EXPECT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].machine_guid, kChildGuid);
  EXPECT_EQ(seen[0].method, "GET");
  EXPECT_EQ(seen[0].target, "/api/v1/data?chart=system.cpu");
  EXPECT_EQ(seen[0].headers, "X-Netdata-Role: admin\nX-Transaction-ID: 00112233445566778899aabbccddeeff\n");
  EXPECT(seen[0].deadline_ms > 3000 && seen[0].deadline_ms <= 4000);
  EXPECT(!seen[0].accept_gzip);
  EXPECT_EQ(seen[0].received_us, 1'700'000'001'000'000U);
  EXPECT_EQ(seen[0].max_bytes, 24U << 20);

  const auto &p = r.sent[0];
  EXPECT_EQ(p.topic, "/reply");
  EXPECT_EQ(p.id(), "q1");
  EXPECT_EQ(p.code(), 200);
  EXPECT_EQ(p.header["connect"].get<std::int64_t>(), 1'700'000'000);
  EXPECT_EQ(p.header["connect-offset-usec"].get<std::int64_t>(), 1);
  EXPECT_EQ(p.header["t-rx"].get<std::int64_t>(), 1'700'000'001'000'000);
  EXPECT_EQ(p.body(), "/api/v1/data?chart=system.cpu");
  EXPECT(p.http.find("X-Transaction-ID: 00112233445566778899aabbccddeeff\r\n") != std::string::npos);
  EXPECT(p.http.find("Server: Netdata Embedded HTTP Server v1.37.1\r\n") != std::string::npos);
  EXPECT(
      r.access.starts_with("src_transport=aclk role=admin permissions=0x1b req_method=GET code=200 "
                           "transaction=00112233445566778899aabbccddeeff sent_bytes=29 size_bytes=29 prep_ut="));
  EXPECT(r.logged("request=\"/node/child/api/v1/data?chart=system.cpu\""));
  EXPECT(!r.logged("secret"));
  const auto &c = r.service->counters();
  EXPECT_EQ(c.received, 1U);
  EXPECT_EQ(c.types.data, 1U);
  EXPECT_EQ(c.forwarded, 1U);
  EXPECT_EQ(c.replies, 1U);
  EXPECT_EQ(c.per_thread[0], 1U);
  return {};
}

std::string service__post__carries_its_body() {
  Rig r;
  r.ask(
      "{\"type\":\"http\",\"version\":2,\"callback-topic\":\"/r\",\"msg-id\":\"p\"}\r\n\r\nPOST /api/v2/data "
      "HTTP/1.1\r\n"
      "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
  EXPECT(r.until_sent(1));
  EXPECT_EQ(r.host.question(0).method, "POST");
  EXPECT_EQ(r.host.question(0).body, "{\"a\":1}");
  EXPECT(r.host.question(0).headers.starts_with("Content-Type: application/json\n"));
  return {};
}

std::string service__gzip_asked_for__is_what_goes_out() {
  Rig r;
  r.ask(message("g", "/api/v1/charts?size=9000", "", "Accept-Encoding: gzip\r\n"));
  EXPECT(r.until_sent(1));
  EXPECT(r.host.question(0).accept_gzip);
  EXPECT(r.sent[0].http.find("Content-Type: application/json\r\n") != std::string::npos);
  EXPECT(gunzip(r.sent[0].body(), 10000).value_or("") == std::string(9000, 'b'));
  EXPECT(r.logged("size_bytes=9000"));
  return {};
}

std::string service__forbidden_path__is_403_and_never_reaches_the_host() {
  Rig r;
  for (const auto *t : {"/api/v1/manage/health?cmd=RESET", "/api/v3/settings", "/api/v2/claim",
                        "/api/v1/registry?action=hello", "/api/v1/man%61ge/health", "/api/v1/function?function=x"})
    r.ask(message("f", t));
  EXPECT_EQ(r.sent.size(), 6U);  // answered on the spot
  for (const auto &p : r.sent) EXPECT_EQ(p.code(), 403);
  EXPECT(r.host.seen().empty());
  EXPECT(r.logged("code=403"));
  EXPECT_EQ(r.service->counters().answered_here, 6U);
  return {};
}

std::string service__unknown_node__is_an_ordinary_404() {
  Rig r;
  r.ask(message("n", "/node/nobody/api/v1/info"));
  EXPECT_EQ(r.sent.size(), 1U);
  EXPECT_EQ(r.sent[0].code(), 404);
  EXPECT_EQ(r.sent[0].body(), "This netdata does not maintain a database for host: nobody");
  EXPECT(!r.sent[0].header.contains("error-code"));
  return {};
}

std::string service__malformed_message__is_logged_counted_and_nothing_else() {
  Rig r;
  r.ask("nonsense");
  EXPECT_EQ(r.daemon, "Malformed json request (nonsense)\nError processing message of type 'cmd'\n");
  EXPECT(r.sent.empty());
  EXPECT_EQ(r.service->counters().malformed, 1U);
  EXPECT_EQ(r.service->counters().received, 0U);
  for (int i = 0; i < 1000; ++i) r.ask("nonsense");
  EXPECT(r.daemon.size() < 3000);
  EXPECT_EQ(r.service->counters().malformed, 1001U);
  r.ask(message("ok", "/api/v1/info"));
  EXPECT(r.until_sent(1));
  return {};
}

std::string service__broken_http__is_answered_400_and_noted() {
  Rig r;
  r.ask(R"({"type":"http","version":2,"callback-topic":"/reply","msg-id":"b"})"
        "\r\n\r\nPOST /api/v1/data HTTP/1.1\r\n\r\n");
  EXPECT_EQ(r.sent.size(), 1U);
  EXPECT_EQ(r.sent[0].code(), 400);
  EXPECT_EQ(r.sent[0].id(), "b");
  EXPECT_EQ(r.sent[0].http, "");
  EXPECT_EQ(r.access, "ACLK received request is not valid, code 400\n");
  EXPECT_EQ(r.service->counters().malformed, 1U);
  return {};
}

std::string service__reply_over_the_servers_limit__is_error_4() {
  Rig r;
  r.service->connection_up(1, 2000);
  r.ask(message("big", "/api/v1/charts?size=5000"));
  r.ask(message("small", "/api/v1/charts?size=50"));
  EXPECT(r.until_sent(2));
  const auto &big = r.sent[0].id() == "big" ? r.sent[0] : r.sent[1];
  const auto &small = r.sent[0].id() == "big" ? r.sent[1] : r.sent[0];
  EXPECT_EQ(big.code(), 413);
  EXPECT_EQ(big.header["error-code"].get<int>(), 4);
  EXPECT_EQ(small.code(), 200);
  EXPECT(r.host.question(0).max_bytes < 2000);
  EXPECT_EQ(r.service->counters().too_big, 1U);
  return {};
}

std::string service__host_errors__are_answers() {
  const auto code = [](int e) {
    Rig r;
    r.ask(message("e", "/api/v1/data?errno=" + std::to_string(e)));
    return r.until_sent(1) ? r.sent[0].code() : 0;
  };
  EXPECT_EQ(code(ENOENT), 404);
  EXPECT_EQ(code(ECANCELED), 499);
  EXPECT_EQ(code(ETIME), 504);
  EXPECT_EQ(code(EAGAIN), 503);
  EXPECT_EQ(code(EMSGSIZE), 413);
  EXPECT_EQ(code(ENOTSUP), 501);
  EXPECT_EQ(code(EIO), 502);
  return {};
}

std::string service__same_msg_id_three_times__is_answered_three_times() {
  Rig r;
  for (int i = 0; i < 3; ++i) r.ask(message("same", "/api/v1/info"));
  EXPECT(r.until_sent(3));
  EXPECT_EQ(r.sent.size(), 3U);
  EXPECT_EQ(r.service->counters().types.info, 3U);
  return {};
}

std::string service__link_takes_no_reply__is_counted() {
  Rig r;
  r.on_publish = [] { return false; };
  r.ask(message("x", "/api/v1/info"));
  EXPECT(r.until([&] { return r.service->counters().unsent == 1; }));
  EXPECT_EQ(r.service->counters().replies, 0U);
  EXPECT(r.logged("could not be queued"));
  return {};
}

std::string service__connection_that_ends_inside_publish__is_survived() {
  Rig r(1);
  r.on_publish = [&r] {
    r.service->connection_down();
    return true;
  };
  r.ask(message("a", "/api/v1/info"));
  r.ask(message("b", "/api/v1/info"));
  EXPECT(r.until_sent(1));
  EXPECT(r.until_idle());
  EXPECT_EQ(r.sent.size(), 1U);
  return {};
}

std::string service__destroyed_inside_publish__is_survived() {
  for (const auto *target : {"/api/v1/info", "/api/v1/manage", "/node/x"}) {
    Rig r(1);
    r.on_publish = [&r] {
      r.service.reset();
      return true;
    };
    r.ask(message("a", target));
    EXPECT(r.until_sent(1));
    EXPECT(r.service == nullptr);
  }
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(service__question__goes_to_the_host_and_its_answer_to_the_callback_topic),
    ACLK_TEST(service__post__carries_its_body),
    ACLK_TEST(service__gzip_asked_for__is_what_goes_out),
    ACLK_TEST(service__forbidden_path__is_403_and_never_reaches_the_host),
    ACLK_TEST(service__unknown_node__is_an_ordinary_404),
    ACLK_TEST(service__malformed_message__is_logged_counted_and_nothing_else),
    ACLK_TEST(service__broken_http__is_answered_400_and_noted),
    ACLK_TEST(service__reply_over_the_servers_limit__is_error_4),
    ACLK_TEST(service__host_errors__are_answers),
    ACLK_TEST(service__same_msg_id_three_times__is_answered_three_times),
    ACLK_TEST(service__link_takes_no_reply__is_counted),
    ACLK_TEST(service__connection_that_ends_inside_publish__is_survived),
    ACLK_TEST(service__destroyed_inside_publish__is_survived),
};

}  // namespace
}  // namespace test_service

int aclk::query::test::service_tests() {
  return cmocka_run_group_tests_name("query service: answers", test_service::kTests, nullptr, nullptr);
}
