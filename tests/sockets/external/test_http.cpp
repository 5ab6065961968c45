// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "plugin-api/external/agent/http_connection.h"
#include "tests/sockets/external/fake_agent.h"
#include "tests/sockets/external/suites.h"
#include "tests/unit/external/tests.h"
#include "tests/unit/temp_dir.h"

namespace aclk::external::test {
namespace test_http {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Clock = std::chrono::steady_clock;

HttpRequest get(const std::string &target) { return {.target = target}; }

AnswerBounds bounds() { return {.max_bytes = 1U << 20, .timeout = 5s}; }

bool has(const std::string &text, const std::string &part) { return text.find(part) != std::string::npos; }

std::string http__many_requests__use_one_connection_and_ask_to_keep_it() {
  FakeAgent agent([](auto &) { return answer("{}"); });
  HttpConnection http;
  for (int i = 0; i < 5; ++i) {
    const auto a = http.perform(agent.endpoint(), get("/api/v1/info?a=b%20c"), bounds(), nullptr);
    EXPECT(a && a->status == 200 && a->body == "{}");
    EXPECT_EQ(a->content_type, "application/json; charset=utf-8");
    EXPECT_EQ(a->cache_control, "no-cache");
    EXPECT_EQ(http.lane().is_new(), i == 0);
  }
  EXPECT_EQ(agent.connections(), 1U);
  const auto request = agent.requests().front();
  EXPECT(has(request, "GET /api/v1/info?a=b%20c HTTP/1.1\r\n"));
  EXPECT(has(request, "Connection: keep-alive\r\n"));
  EXPECT(has(request, "Accept-Encoding: identity\r\n"));
  EXPECT(!has(request, "Expect"));
  return {};
}

std::string http__unix_socket__works_the_same() {
  const aclk::test::TempDir dir;
  FakeAgent agent([](auto &) { return answer("x"); }, (dir / "s").native());
  HttpConnection http;
  EXPECT_EQ(http.perform(agent.endpoint(), get("/"), bounds(), nullptr)->body, "x");
  return {};
}

std::string http__compressed_body__is_passed_through_untouched() {
  const auto gz = "\x1f\x8b\x08\x00garbage\x00that is no gzip"s;
  FakeAgent agent([&](auto &) {
    return Canned{
        "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Encoding: GZIP\r\nTransfer-Encoding: chunked\r\n\r\n"
        "a\r\n" +
            gz.substr(0, 10) + "\r\n11\r\n" + gz.substr(10) + "\r\n0\r\n\r\n",
        false,
        {}};
  });
  HttpConnection http;
  auto packed = bounds();
  packed.gzip = true;
  const auto a = http.perform(agent.endpoint(), get("/"), packed, nullptr);
  EXPECT(a && a->body == gz);
  EXPECT_EQ(a->content_encoding, "gzip");
  EXPECT(has(agent.requests().front(), "Accept-Encoding: gzip\r\n"));
  return {};
}

std::string http__bodiless_answers_of_real_agents__are_empty_bodies() {
  int n = 0;
  FakeAgent agent([&](auto &) {
    switch (n++) {
      case 0:  // gzip: chunked, and then no chunk
        return Canned{
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
            true,
            {}};
      case 1:  // identity: no length, keep-alive promised, closed
        return Canned{"HTTP/1.1 503 X\r\nConnection: keep-alive\r\nContent-Type: text/plain\r\n\r\n", true, {}};
      case 2:
        return answer("");
      default:
        return answer("ok");
    }
  });
  HttpConnection http;
  for (const int status : {200, 503, 200}) {
    const auto a = http.perform(agent.endpoint(), get("/"), bounds(), nullptr);
    EXPECT(a);
    EXPECT_EQ(a->status, status);
    EXPECT(a->body.empty());
  }
  EXPECT_EQ(http.perform(agent.endpoint(), get("/"), bounds(), nullptr)->body, "ok");
  return {};
}

std::string http__body_cut_short__is_an_error() {
  int n = 0;
  FakeAgent agent([&](auto &) {
    switch (n++) {
      case 0:
        return Canned{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true, {}};
      case 1:
        return Canned{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", true, {}};
      case 2:
        return Canned{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", true, {}};
      default:
        return Canned{"", true, {}};  // as for a request above the agent's size
    }
  });
  HttpConnection http;
  for (int i = 0; i < 4; ++i) {
    const auto a = http.perform(agent.endpoint(), get("/"), bounds(), nullptr);
    EXPECT(!a && a.error().code == Errc::unavailable);
  }
  return {};
}

std::string http__body_of_unknown_length__is_read_to_its_end() {
  FakeAgent agent([](auto &) { return Canned{"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", true, {}}; });
  HttpConnection http;
  EXPECT_EQ(http.perform(agent.endpoint(), get("/"), bounds(), nullptr)->body, "hello");
  return {};
}

std::string http__too_much__is_stopped_early() {
  FakeAgent agent([](const std::string &r) {
    if (has(r, "/head")) return Canned{"HTTP/1.1 200 OK\r\n" + std::string(100'000, 'x') + ": y\r\n\r\n", true, {}};
    return answer(std::string(3'000'000, 'x'));
  });
  HttpConnection http;
  EXPECT(http.perform(agent.endpoint(), get("/"), bounds(), nullptr).error().code == Errc::too_big);
  EXPECT(!http.perform(agent.endpoint(), get("/head"), bounds(), nullptr));
  auto large = bounds();
  large.max_bytes = 3'000'000;
  EXPECT_EQ(http.perform(agent.endpoint(), get("/"), large, nullptr)->body.size(), 3'000'000U);
  return {};
}

std::string http__no_answer__ends_at_the_deadline() {
  FakeAgent agent([](auto &) { return Canned{answer("late").bytes, false, 10s}; });
  HttpConnection http;
  auto soon = bounds();
  soon.timeout = 60ms;
  const auto begin = Clock::now();
  EXPECT(http.perform(agent.endpoint(), get("/"), soon, nullptr).error().code == Errc::timeout);
  EXPECT(Clock::now() - begin < 2s);
  return {};
}

std::string http__cancelled__comes_back_soon() {
  FakeAgent agent([](auto &) { return Canned{answer("late").bytes, false, 10s}; });
  HttpConnection http;
  int asked = 0;
  const auto begin = Clock::now();
  EXPECT(http.perform(agent.endpoint(), get("/"), bounds(), [&] { return ++asked > 2; }).error().code ==
         Errc::cancelled);
  EXPECT(Clock::now() - begin < 2s);
  return {};
}

std::string http__nobody_there__is_unavailable() {
  Endpoint gone;
  {
    FakeAgent agent([](auto &) { return answer("x"); });
    gone = agent.endpoint();
  }
  HttpConnection http;
  EXPECT(http.perform(gone, get("/"), bounds(), nullptr).error().code == Errc::unavailable);
  Endpoint none;
  none.unix_path = "/nonexistent/socket";
  EXPECT(http.perform(none, get("/"), bounds(), nullptr).error().code == Errc::unavailable);
  return {};
}

std::string http__connection_closed_meanwhile__is_replaced_and_told() {
  FakeAgent agent([](auto &) { return answer("x"); });
  HttpConnection http;
  EXPECT(http.perform(agent.endpoint(), get("/"), bounds(), nullptr) && http.lane().is_new());
  EXPECT(http.perform(agent.endpoint(), get("/"), bounds(), nullptr) && !http.lane().is_new());
  agent.drop_connections();
  const auto a = http.perform(agent.endpoint(), get("/"), bounds(), nullptr);
  EXPECT(a && http.lane().is_new() && a->body == "x");
  return {};
}

std::string http__dirty_target__is_never_sent() {
  FakeAgent agent([](auto &) { return answer("x"); });
  HttpConnection http;
  for (const std::string target : {"", "x", "/a b", "/a\r\nX: y", "/a\x7f"})
    EXPECT(http.perform(agent.endpoint(), get(target), bounds(), nullptr).error().code == Errc::invalid_argument);
  EXPECT_EQ(agent.connections(), 0U);
  return {};
}

std::string http__not_an_http_server__is_an_error() {
  FakeAgent agent([](auto &) { return Canned{"\x00\x01\x02 nonsense\r\n\r\n"s, true, {}}; });
  HttpConnection http;
  EXPECT(!http.perform(agent.endpoint(), get("/"), bounds(), nullptr));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(http__many_requests__use_one_connection_and_ask_to_keep_it),
    ACLK_TEST(http__unix_socket__works_the_same),
    ACLK_TEST(http__compressed_body__is_passed_through_untouched),
    ACLK_TEST(http__bodiless_answers_of_real_agents__are_empty_bodies),
    ACLK_TEST(http__body_cut_short__is_an_error),
    ACLK_TEST(http__body_of_unknown_length__is_read_to_its_end),
    ACLK_TEST(http__too_much__is_stopped_early),
    ACLK_TEST(http__no_answer__ends_at_the_deadline),
    ACLK_TEST(http__cancelled__comes_back_soon),
    ACLK_TEST(http__nobody_there__is_unavailable),
    ACLK_TEST(http__connection_closed_meanwhile__is_replaced_and_told),
    ACLK_TEST(http__dirty_target__is_never_sent),
    ACLK_TEST(http__not_an_http_server__is_an_error),
};

}  // namespace
}  // namespace test_http

int http_tests() { return cmocka_run_group_tests_name("http", test_http::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
