// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/http_multi.h"

#include <fmt/format.h>

#include "plugin-api/external/agent/http_lane.h"
#include "tests/sockets/external/fake_agent.h"
#include "tests/sockets/external/suites.h"
#include "tests/unit/external/tests.h"
#include "tests/unit/temp_dir.h"

namespace aclk::external::test {
namespace test_http_multi {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr AnswerBounds kBounds{.max_bytes = 1U << 20, .timeout = 5s};

// Lanes in one HttpMulti, each asks at most one thing at a time.
class Lanes {
 public:
  explicit Lanes(std::size_t n) : multi_(static_cast<long>(n)) {
    for (std::size_t i = 0; i < n; ++i) lanes_.push_back(std::make_unique<HttpLane>(fmt::format("lane-{}", i)));
  }
  // Asks once over each lane; the answers that were well.
  std::size_t ask_all(const Endpoint &endpoint) {
    std::size_t ended = 0;
    std::size_t well = 0;
    for (const auto &lane : lanes_)
      if (!lane->begin(multi_, endpoint, {.target = "/"}, kBounds)) ++ended;
    for (const auto deadline = Clock::now() + 10s; ended < lanes_.size() && Clock::now() < deadline;)
      multi_.turn(1s, [&](CURL *easy, CURLcode code) {
        ++ended;
        if (const auto answer = HttpLane::of(easy).end(code); answer && answer->body == "ok") ++well;
      });
    return well;
  }
  // How many of so many turns waited as long as they might.
  int whole_waits(int turns, std::chrono::milliseconds longest) {
    int whole = 0;
    for (int i = 0; i < turns; ++i) {
      const auto began = Clock::now();
      multi_.turn(longest, [](CURL *, CURLcode) {});
      if (Clock::now() - began >= longest) ++whole;
    }
    return whole;
  }
  [[nodiscard]] HttpMulti &multi() { return multi_; }

 private:
  HttpMulti multi_;
  std::vector<std::unique_ptr<HttpLane>> lanes_;
};

std::string http_multi__woken_before_it_waits__does_not_wait() {
  Lanes lanes(1);
  for (int i = 0; i < 3; ++i) {
    lanes.multi().wake();
    EXPECT_EQ(lanes.whole_waits(1, 1h), 0);
  }
  EXPECT_EQ(lanes.whole_waits(1, 20ms), 1);  // once is once
  return {};
}

std::string http_multi__idle_connections_closed_by_the_server__wake_it_once() {
  FakeAgent agent([](auto &) { return answer("ok"); });
  Lanes lanes(3);
  EXPECT_EQ(lanes.ask_all(agent.endpoint()), 3U);
  agent.drop_connections();
  EXPECT(lanes.whole_waits(8, 20ms) >= 5);
  EXPECT_EQ(lanes.ask_all(agent.endpoint()), 3U);
  EXPECT_EQ(agent.connections(), 6U);
  return {};
}

std::string http_multi__sockets_whose_numbers_come_again__are_watched_again() {
  // libcurl closes each, too, before the epoll has something to say of it. Over a unix socket, whose connection stands
  // at once, it wants of the next one what it has wanted of the one before.
  const aclk::test::TempDir dir;
  for (const auto &path : {std::string(), (dir / "s").native()}) {
    FakeAgent agent(
        [](auto &) {
          return Canned{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", true, {}};
        },
        path);
    Lanes lanes(8);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(lanes.ask_all(agent.endpoint()), 8U);
  }
  return {};
}

std::string http_multi__kept_connections__are_used_again_by_their_lane() {
  FakeAgent agent([](auto &) { return answer("ok"); });
  Lanes lanes(8);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(lanes.ask_all(agent.endpoint()), 8U);
  EXPECT_EQ(agent.connections(), 8U);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(http_multi__woken_before_it_waits__does_not_wait),
    ACLK_TEST(http_multi__idle_connections_closed_by_the_server__wake_it_once),
    ACLK_TEST(http_multi__sockets_whose_numbers_come_again__are_watched_again),
    ACLK_TEST(http_multi__kept_connections__are_used_again_by_their_lane),
};

}  // namespace
}  // namespace test_http_multi

int http_multi_tests() { return cmocka_run_group_tests_name("http_multi", test_http_multi::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
