// SPDX-License-Identifier: GPL-3.0-or-later
//
// The whole query path on a real loop and real workers, with a host behind the real ABI and no network.
#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "aclk/loop/inbox.h"
#include "aclk/loop/loop.h"
#include "aclk/loop/timer.h"
#include "aclk/loop/worker_pool.h"
#include "aclk/query/gzip.h"
#include "aclk/query/service.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/query/fake_host.h"
#include "tests/unit/query/fake_nodes.h"
#include "tests/unit/query/tests.h"

using namespace aclk;
using namespace aclk::query;
using namespace aclk::query::test;
using namespace std::chrono_literals;

namespace {

struct Published {
  std::string topic;
  nlohmann::json header;
  std::string http;

  [[nodiscard]] int code() const { return header.value("http-code", 0); }
  [[nodiscard]] std::string id() const { return header.value("msg-id", ""); }
  [[nodiscard]] std::string body() const {
    const auto at = http.find("\r\n\r\n");
    return at == std::string::npos ? "" : http.substr(at + 4);
  }
};

std::string message(const std::string &id, const std::string &target, const std::string &more = "",
                    const std::string &headers = "") {
  return R"({"type":"http","version":2,"callback-topic":"/reply","msg-id":")" + id + "\"" + more + "}\r\n\r\nGET " +
         target + " HTTP/1.1\r\n" + headers + "\r\n";
}

class Rig {
 public:
  explicit Rig(unsigned threads = 2, std::size_t waiting = 100) {
    Options o;
    o.limits.running = threads;
    o.limits.waiting = waiting;
    o.agent_version = "v1.37.1";
    Events e;
    e.publish = [this](std::string topic, const std::string &payload) {
      if (on_publish && !on_publish()) return false;
      Published p;
      p.topic = std::move(topic);
      const auto end = payload.find("\r\n\r\n");
      p.header = nlohmann::json::parse(payload.substr(0, end));
      if (end != std::string::npos) p.http = payload.substr(end + 4);
      sent.push_back(std::move(p));
      return true;
    };
    e.log = [this](naclk_log_source source, naclk_log_level, std::string_view line) {
      (source == NACLK_LOG_ACCESS ? access : daemon) += std::string(line) + "\n";
    };
    pool = std::make_unique<loop::WorkerPool>("QUERY", threads, *inbox);
    service = std::make_unique<Service>(loop.uv(), host.host(), *pool, nodes, std::move(o), std::move(e));
    service->connection_up(1'700'000'000'000'001, 0);
  }
  ~Rig() {
    service.reset();
    host.release();
    pool.reset();
    inbox.reset();
    loop.drain();
  }
  Rig(const Rig &) = delete;
  Rig &operator=(const Rig &) = delete;

  void ask(const std::string &payload) { service->on_cmd(payload, 1'700'000'001'000'000, loop::now()); }

  // Turns the loop until `done`; false after five seconds.
  bool until(const std::function<bool()> &done) {
    bool late = false;
    loop::Timer guard(loop.uv());
    guard.start(5s, [&late] { late = true; });
    while (!late && !done()) uv_run(&loop.uv(), UV_RUN_ONCE);
    return !late;
  }
  bool until_sent(std::size_t n) {
    return until([this, n] { return sent.size() >= n; });
  }
  bool until_idle() {
    return until([this] { return service->running() == 0; });
  }
  int active_timers() {
    int n = 0;
    uv_walk(
        &loop.uv(),
        [](uv_handle_t *h, void *count) {
          if (h->type == UV_TIMER && uv_is_active(h) != 0) ++*static_cast<int *>(count);
        },
        &n);
    return n;
  }
  bool logged(const std::string &part) const { return (access + daemon).find(part) != std::string::npos; }

  FakeHost host;
  FakeNodes nodes;
  loop::Loop loop;
  std::unique_ptr<loop::Inbox> inbox = std::make_unique<loop::Inbox>(loop.uv());
  std::unique_ptr<loop::WorkerPool> pool;
  std::vector<Published> sent;
  std::string access;
  std::string daemon;
  std::function<bool()> on_publish;
  std::unique_ptr<Service> service;
};

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

std::string service__refused_queries__do_not_fill_the_log() {
  Rig r;
  for (int i = 0; i < 2000; ++i) r.ask(message("f", "/api/v1/manage/health?" + std::string(3000, 'x')));
  EXPECT_EQ(r.sent.size(), 2000U);
  EXPECT(r.logged("code=403"));
  EXPECT(r.access.size() < 200'000);
  r.ask(message("i", "/api/v1/info"));
  EXPECT(r.until_sent(2001));
  EXPECT(r.logged("code=200"));  // what the host was asked has its line
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

std::string service__many_questions__never_run_more_than_the_limit() {
  Rig r(3);
  for (int i = 0; i < 60; ++i) r.ask(message(std::to_string(i), "/api/v1/info"));
  EXPECT(r.until_sent(60));
  EXPECT(r.host.most() <= 3);
  EXPECT_EQ(r.service->running() + r.service->waiting(), 0U);
  EXPECT_EQ(r.active_timers(), 0);
  return {};
}

std::string service__queue_full__is_503() {
  Rig r(1, 1);
  r.ask(message("a", "/api/v1/data?hold"));
  r.ask(message("b", "/api/v1/data"));
  r.ask(message("c", "/api/v1/data"));
  EXPECT_EQ(r.sent.size(), 1U);
  EXPECT_EQ(r.sent[0].id(), "c");
  EXPECT_EQ(r.sent[0].code(), 503);
  r.host.release();
  EXPECT(r.until_sent(3));
  EXPECT_EQ(r.service->counters().busy, 1U);
  return {};
}

std::string service__waited_too_long__is_error_6_and_not_run() {
  Rig r(1);
  r.ask(message("a", "/api/v1/data?hold"));
  EXPECT_EQ(r.active_timers(), 0);
  r.ask(message("b", "/api/v1/data?late", ",\"timeout\":20"));
  EXPECT_EQ(r.active_timers(), 1);
  EXPECT(r.until_sent(1));
  EXPECT_EQ(r.sent[0].id(), "b");
  EXPECT_EQ(r.sent[0].http, "");
  EXPECT_EQ(r.sent[0].code(), 503);
  EXPECT_EQ(r.sent[0].header["error-code"].get<int>(), 6);
  EXPECT(!r.sent[0].header.contains("t-rx"));
  EXPECT(r.logged("QUERY CANCELED: QUEUE TIME EXCEEDED "));
  EXPECT(r.logged(" ms (LIMIT 20 ms)"));
  EXPECT_EQ(r.active_timers(), 0);
  r.host.release();
  EXPECT(r.until_sent(2));
  EXPECT_EQ(r.host.seen().size(), 1U);
  EXPECT_EQ(r.service->counters().timed_out, 1U);
  return {};
}

std::string service__cancel__reaches_running_and_waiting() {
  Rig r(1);
  r.ask(message("run", "/api/v1/data?hold"));
  r.ask(message("wait", "/api/v1/data"));
  EXPECT(r.host.wait_for_questions(1));
  r.service->on_cancel("wait", "trace-1", loop::now());
  EXPECT_EQ(r.sent.size(), 1U);
  EXPECT_EQ(r.sent[0].id(), "wait");
  EXPECT_EQ(r.sent[0].code(), 499);
  EXPECT_EQ(r.sent[0].body(), "{\"error\": \"interrupted\" }");
  r.service->on_cancel("run", "trace-2", loop::now());
  EXPECT(r.until_sent(2));
  EXPECT_EQ(r.sent[1].id(), "run");
  EXPECT_EQ(r.sent[1].code(), 499);
  EXPECT_EQ(r.host.seen().size(), 1U);
  EXPECT(r.logged("ACLK CancelPendingRequest REQ: wait, cloud trace-id: trace-1\n"));
  EXPECT(!r.logged("failed"));
  r.service->on_cancel("gone\n", "t", loop::now());
  EXPECT(r.logged("CancelPending Request for gone? failed. No such pending request.\n"));
  return {};
}

std::string service__cancels_of_nothing__are_told_twenty_times_in_ten_seconds_and_counted() {
  Rig r;
  const auto lines = [](const std::string &text, const std::string &part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
  };
  const auto begin = loop::now();
  for (int i = 0; i < 1000; ++i) r.service->on_cancel("x" + std::to_string(i), "trace", begin + i * 9ms);
  EXPECT(r.daemon.starts_with("CancelPending Request for x0 failed. No such pending request.\n"));
  EXPECT(r.access.starts_with("ACLK CancelPendingRequest REQ: x0, cloud trace-id: trace\n"));
  EXPECT_EQ(lines(r.daemon, "\n"), 20U);
  EXPECT_EQ(lines(r.access, "\n"), 20U);
  EXPECT_EQ(r.service->counters().cancel_requests, 1000U);
  // Those of pending ones are told in any case.
  r.ask(message("wait", "/api/v1/data?hold"));
  r.service->on_cancel("wait", "trace", begin + 9'500ms);
  EXPECT(r.logged("ACLK CancelPendingRequest REQ: wait, cloud trace-id: trace\n"));
  r.service->on_cancel("later", "trace", begin + 10s);
  EXPECT(
      r.daemon.ends_with("ACLK: 980 more cancellations of what is not pending were not logged\n"
                         "CancelPending Request for later failed. No such pending request.\n"));
  return {};
}

std::string service__link_lost__nothing_of_it_is_answered_on_the_next_one() {
  Rig r(1);
  r.ask(message("old-run", "/api/v1/data?hold"));
  r.ask(message("old-wait", "/api/v1/data"));
  r.service->connection_down();
  r.ask(message("while-down", "/api/v1/info"));
  r.ask(message("while-down", "/api/v1/manage"));
  r.service->connection_up(2, 0);
  r.ask(message("new", "/api/v1/info"));
  EXPECT(r.until_sent(1));
  EXPECT(r.until_idle());
  EXPECT_EQ(r.sent.size(), 1U);
  EXPECT_EQ(r.sent[0].id(), "new");
  EXPECT_EQ(r.service->counters().discarded, 4U);
  return {};
}

std::string service__shutdown__answers_what_waits_and_interrupts_what_runs() {
  Rig r(1);
  r.ask(message("run", "/api/v1/data?hold"));
  r.ask(message("wait", "/api/v1/data"));
  r.service->shutdown();
  r.ask(message("after", "/api/v1/info"));
  EXPECT(r.until_sent(2));
  EXPECT_EQ(r.sent[0].id(), "wait");
  EXPECT_EQ(r.sent[0].code(), 499);
  EXPECT_EQ(r.sent[1].id(), "run");
  EXPECT_EQ(r.sent[1].code(), 499);
  EXPECT_EQ(r.service->waiting() + r.service->running(), 0U);
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

std::string service__destroyed_while_running__interrupts_and_hears_nothing_more() {
  Rig r(2);
  r.ask(message("a", "/api/v1/data?hold"));
  r.ask(message("b", "/api/v1/data?hold"));
  r.ask(message("c", "/api/v1/data?hold"));
  EXPECT(r.host.wait_for_questions(2));
  r.service.reset();
  EXPECT(r.pool->stop(5s));  // not released: only the interruption ends them
  r.loop.drain();
  EXPECT(r.sent.empty());
  EXPECT_EQ(r.host.seen().size(), 2U);
  return {};
}

std::string service__slowest_query__is_told_once() {
  Rig r;
  r.ask(message("a", "/api/v1/info"));
  EXPECT(r.until_sent(1));
  const auto all = r.service->counters().host_us;
  EXPECT_EQ(r.service->take_slowest_us(), all);
  EXPECT_EQ(r.service->take_slowest_us(), 0U);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(service__question__goes_to_the_host_and_its_answer_to_the_callback_topic),
    ACLK_TEST(service__post__carries_its_body),
    ACLK_TEST(service__gzip_asked_for__is_what_goes_out),
    ACLK_TEST(service__forbidden_path__is_403_and_never_reaches_the_host),
    ACLK_TEST(service__refused_queries__do_not_fill_the_log),
    ACLK_TEST(service__unknown_node__is_an_ordinary_404),
    ACLK_TEST(service__malformed_message__is_logged_counted_and_nothing_else),
    ACLK_TEST(service__broken_http__is_answered_400_and_noted),
    ACLK_TEST(service__reply_over_the_servers_limit__is_error_4),
    ACLK_TEST(service__host_errors__are_answers),
    ACLK_TEST(service__same_msg_id_three_times__is_answered_three_times),
    ACLK_TEST(service__many_questions__never_run_more_than_the_limit),
    ACLK_TEST(service__queue_full__is_503),
    ACLK_TEST(service__waited_too_long__is_error_6_and_not_run),
    ACLK_TEST(service__cancel__reaches_running_and_waiting),
    ACLK_TEST(service__cancels_of_nothing__are_told_twenty_times_in_ten_seconds_and_counted),
    ACLK_TEST(service__link_lost__nothing_of_it_is_answered_on_the_next_one),
    ACLK_TEST(service__shutdown__answers_what_waits_and_interrupts_what_runs),
    ACLK_TEST(service__link_takes_no_reply__is_counted),
    ACLK_TEST(service__connection_that_ends_inside_publish__is_survived),
    ACLK_TEST(service__destroyed_inside_publish__is_survived),
    ACLK_TEST(service__destroyed_while_running__interrupts_and_hears_nothing_more),
    ACLK_TEST(service__slowest_query__is_told_once),
};

}  // namespace

int aclk::query::test::service_tests() {
  return cmocka_run_group_tests_name("query service", kTests, nullptr, nullptr);
}
