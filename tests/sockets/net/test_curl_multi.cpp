// SPDX-License-Identifier: GPL-3.0-or-later
//
// The glue between libcurl and libuv: every transfer ends once, and no handle stays on the loop.
#include "aclk/net/curl_multi.h"

#include <memory>
#include <optional>
#include <vector>

#include "aclk/net/curl_easy.h"
#include "tests/sockets/login/suites.h"
#include "tests/sockets/net/net.h"
#include "tests/sockets/net/on_loop.h"
#include "tests/unit/cmocka_main.h"

using namespace std::chrono_literals;

namespace aclk::test {
namespace test_curl_multi {
namespace {

using net::CurlEasy;
using net::CurlMulti;

// Answers each request on a connection with "hi"; plain HTTP, which only this test speaks.
void say_hi(Peer &peer) {
  std::string in;
  while (peer.read_until(in, "\r\n\r\n")) {
    in.erase(0, in.find("\r\n\r\n") + 4);
    if (!peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")) return;
  }
}
void say_nothing(Peer &peer) { peer.until_closed(); }

std::size_t drop(const char * /*data*/, std::size_t size, std::size_t count, void * /*user*/) { return size * count; }

std::unique_ptr<CurlEasy> get(std::uint16_t port, std::chrono::milliseconds timeout = 5s) {
  auto e = std::make_unique<CurlEasy>();
  e->set(CURLOPT_URL, ("http://127.0.0.1:" + std::to_string(port)).c_str());
  e->set(CURLOPT_WRITEFUNCTION, drop);
  e->set_proxy({});
  e->set_timeouts(timeout, timeout);
  return e;
}

std::string curl_multi__transfer__ends_once_and_not_from_inside_add() {
  Server server(say_hi);
  OnLoop loop;
  CurlMulti multi(loop.uv());
  const auto e = get(server.port());
  int ends = 0;
  multi.add(e->get(), [&](CURLcode c) { ends += c == CURLE_OK ? 1 : 100; });
  EXPECT_EQ(ends, 0);
  EXPECT(loop.until([&] { return ends > 0; }));
  loop.during(20ms);
  EXPECT_EQ(ends, 1);
  return {};
}

std::string curl_multi__destroyed__leaves_nothing_on_the_loop() {
  Server server(say_nothing);
  uv_loop_t loop;
  EXPECT_EQ(uv_loop_init(&loop), 0);
  std::vector<std::unique_ptr<CurlEasy>> easies;
  {
    CurlMulti multi(loop);
    for (int i = 0; i < 5; ++i) {
      easies.push_back(get(server.port()));
      multi.add(easies.back()->get(), [](CURLcode) { std::abort(); });
    }
    // Another thread accepts: the loop has to turn although libcurl waits for nothing but an answer.
    loop::Timer turn(loop);
    const std::function<void()> again = [&] { turn.start(1ms, again); };
    again();
    while (server.accepted() < 5) uv_run(&loop, UV_RUN_ONCE);
    EXPECT_EQ(server.accepted(), 5);
  }
  EXPECT_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  EXPECT_EQ(uv_loop_close(&loop), 0);
  return {};
}

std::string curl_multi__destroyed_before_the_first_turn__is_fine() {
  OnLoop loop;
  const auto e = get(1);
  CurlMulti multi(loop.uv());
  multi.add(e->get(), [](CURLcode) { std::abort(); });
  return {};
}

std::string curl_multi__destroyed_from_inside_done__is_fine() {
  Server server(say_hi);
  OnLoop loop;
  auto multi = std::make_unique<CurlMulti>(loop.uv());
  const auto a = get(server.port());
  const auto b = get(server.port());
  int ends = 0;
  const auto end = [&](CURLcode) {
    ++ends;
    multi.reset();
  };
  multi->add(a->get(), end);
  multi->add(b->get(), end);
  EXPECT(loop.until([&] { return ends > 0; }));
  loop.during(20ms);
  EXPECT_EQ(ends, 1);
  return {};
}

std::string curl_multi__added_again_from_inside_done__runs_again_on_the_same_connection() {
  Server server(say_hi);
  OnLoop loop;
  CurlMulti multi(loop.uv());
  const auto e = get(server.port());
  int ends = 0;
  std::function<void(CURLcode)> end = [&](CURLcode c) {
    if (c == CURLE_OK && ++ends < 3) multi.add(e->get(), end);
  };
  multi.add(e->get(), end);
  EXPECT(loop.until([&] { return ends == 3; }));
  EXPECT_EQ(server.accepted(), 1);
  return {};
}

std::string curl_multi__removed_from_inside_anothers_done__does_not_call() {
  Server quick(say_hi);
  Server slow(say_nothing);
  OnLoop loop;
  CurlMulti multi(loop.uv());
  const auto a = get(quick.port());
  const auto b = get(slow.port());
  bool done = false;
  multi.add(b->get(), [](CURLcode) { std::abort(); });
  multi.add(a->get(), [&](CURLcode) {
    multi.remove(b->get());
    multi.remove(b->get());
    multi.remove(a->get());
    done = true;
  });
  EXPECT(loop.until([&] { return done; }));
  loop.during(20ms);
  return {};
}

std::string curl_multi__both_ended_first_removes_second__second_does_not_call() {
  OnLoop loop;
  CurlMulti multi(loop.uv());
  const auto port = closed_port();
  const auto a = get(port);
  const auto b = get(port);
  int ends = 0;
  const auto end = [&](const CurlEasy &other) {
    return [&](CURLcode c) {
      ends += c == CURLE_COULDNT_CONNECT ? 1 : 100;
      multi.remove(other.get());
    };
  };
  multi.add(a->get(), end(*b));
  multi.add(b->get(), end(*a));
  EXPECT(loop.until([&] { return ends > 0; }));
  loop.during(20ms);
  EXPECT_EQ(ends, 1);
  return {};
}

std::string curl_multi__handle_not_taken__ends_later_with_an_error() {
  OnLoop loop;
  CurlMulti multi(loop.uv());
  CURLcode code = CURLE_OK;
  multi.add(nullptr, [&](CURLcode c) { code = c; });
  EXPECT(code == CURLE_OK);
  EXPECT(loop.until([&] { return code != CURLE_OK; }));
  EXPECT_EQ(static_cast<int>(code), static_cast<int>(CURLE_FAILED_INIT));
  multi.add(nullptr, [&](CURLcode) { std::abort(); });
  multi.remove(nullptr);
  loop.during(10ms);
  return {};
}

std::string curl_multi__close_idle__closes_kept_connections_when_nothing_runs() {
  std::atomic<int> closed{0};
  Server server([&](Peer &p) {
    say_hi(p);
    ++closed;
  });
  Server slow(say_nothing);
  OnLoop loop;
  CurlMulti multi(loop.uv());
  const auto a = get(server.port());
  const auto b = get(slow.port());
  bool done = false;
  multi.add(b->get(), [](CURLcode) { std::abort(); });
  multi.add(a->get(), [&](CURLcode) { done = true; });
  EXPECT(loop.until([&] { return done; }));
  multi.close_idle();
  loop.during(20ms);
  EXPECT_EQ(closed.load(), 0);  // b still runs
  multi.remove(b->get());
  EXPECT(loop.until_elsewhere([&] { return closed == 1; }));
  // And it works on.
  done = false;
  multi.add(a->get(), [&](CURLcode c) { done = c == CURLE_OK; });
  EXPECT(loop.until([&] { return done; }));
  EXPECT_EQ(server.accepted(), 2);
  return {};
}

std::string curl_multi__idle__does_not_wake_the_loop() {
  Server server(say_hi);
  OnLoop loop;
  CurlMulti multi(loop.uv());
  const auto e = get(server.port());
  bool done = false;
  multi.add(e->get(), [&](CURLcode) { done = true; });
  EXPECT(loop.until([&] { return done; }));
  loop.during(20ms);
  uv_run(&loop.uv(), UV_RUN_NOWAIT);        // frees what during() left
  EXPECT_EQ(uv_loop_alive(&loop.uv()), 0);  // no timer, no socket
  return {};
}

std::string curl_multi__many_transfers_and_refusals__all_end_once() {
  Server server(say_hi);
  OnLoop loop;
  CurlMulti multi(loop.uv());
  const auto nobody = closed_port();
  std::vector<std::unique_ptr<CurlEasy>> easies;
  int good = 0;
  int bad = 0;
  for (int i = 0; i < 60; ++i) {
    easies.push_back(get(i % 3 == 0 ? nobody : server.port()));
    multi.add(easies.back()->get(), [&](CURLcode c) { ++(c == CURLE_OK ? good : bad); });
  }
  EXPECT(loop.until([&] { return good + bad == 60; }));
  EXPECT_EQ(good, 40);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(curl_multi__transfer__ends_once_and_not_from_inside_add),
    ACLK_TEST(curl_multi__destroyed__leaves_nothing_on_the_loop),
    ACLK_TEST(curl_multi__destroyed_before_the_first_turn__is_fine),
    ACLK_TEST(curl_multi__destroyed_from_inside_done__is_fine),
    ACLK_TEST(curl_multi__added_again_from_inside_done__runs_again_on_the_same_connection),
    ACLK_TEST(curl_multi__removed_from_inside_anothers_done__does_not_call),
    ACLK_TEST(curl_multi__both_ended_first_removes_second__second_does_not_call),
    ACLK_TEST(curl_multi__handle_not_taken__ends_later_with_an_error),
    ACLK_TEST(curl_multi__close_idle__closes_kept_connections_when_nothing_runs),
    ACLK_TEST(curl_multi__idle__does_not_wake_the_loop),
    ACLK_TEST(curl_multi__many_transfers_and_refusals__all_end_once),
};

}  // namespace
}  // namespace test_curl_multi

int curl_multi_suite() { return cmocka_run_group_tests_name("curl_multi", test_curl_multi::tests, nullptr, nullptr); }

}  // namespace aclk::test
