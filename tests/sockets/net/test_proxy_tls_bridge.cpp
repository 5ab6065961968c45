// SPDX-License-Identifier: GPL-3.0-or-later
//
// Bytes over a bridge: whole, in order, no more of them held than promised; and every way in which either side ends.
#include "aclk/net/proxy_tls_bridge.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "tests/sockets/login/suites.h"
#include "tests/sockets/net/on_loop.h"
#include "tests/unit/cmocka_main.h"

namespace aclk::test {
namespace test_proxy_tls_bridge {
namespace {

using net::ProxyTlsBridge;
using net::Wire;

std::pair<Fd, Fd> socket_pair() {
  std::array<int, 2> s{-1, -1};
  ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s.data());
  return {Fd(s[0]), Fd(s[1])};
}

// What a test does to a wire, and sees of it; outlives it.
struct Fate {
  std::size_t per_call = 1U << 20;  // bytes moved at most
  std::string hidden{};             // read already from the descriptor, as OpenSSL does
  bool breaks_on_write = false;
  bool breaks_on_read = false;
  int calls = 0;
  bool same_again = true;  // a write that moved nothing was tried again with the same bytes
  bool gone = false;
};

class FakeWire : public Wire {
 public:
  FakeWire(Fd fd, Fate &fate) : fd_(std::move(fd)), fate_(fate) {}
  ~FakeWire() override { fate_.gone = true; }
  FakeWire(const FakeWire &) = delete;
  FakeWire &operator=(const FakeWire &) = delete;

  [[nodiscard]] int descriptor() const override { return fd_.get(); }
  Moved read(std::span<char> into) override {
    ++fate_.calls;
    if (!fate_.hidden.empty()) {
      const auto n = fate_.hidden.copy(into.data(), std::min(into.size(), fate_.per_call));
      fate_.hidden.erase(0, n);
      return {n, false};
    }
    if (fate_.breaks_on_read) return {0, true};
    const auto n = ::recv(fd_.get(), into.data(), std::min(into.size(), fate_.per_call), 0);
    if (n < 0) return {0, errno != EAGAIN};
    return {static_cast<std::size_t>(n), n == 0};
  }
  Moved write(std::span<const char> bytes) override {
    ++fate_.calls;
    if (fate_.breaks_on_write) return {0, true};
    if (refused_.data() != nullptr && (refused_.data() != bytes.data() || refused_.size() != bytes.size()))
      fate_.same_again = false;
    const auto n = ::send(fd_.get(), bytes.data(), std::min(bytes.size(), fate_.per_call), MSG_NOSIGNAL);
    refused_ = n < 0 ? bytes : std::span<const char>();
    if (n < 0) return {0, errno != EAGAIN};
    return {static_cast<std::size_t>(n), false};
  }

 private:
  Fd fd_;
  Fate &fate_;
  std::span<const char> refused_;
};

// A bridge between `app` and `cloud`.
struct Rig {
  OnLoop loop;
  Fate fate;
  Fd cloud;
  Fd app;
  std::unique_ptr<ProxyTlsBridge> bridge;

  explicit Rig(Fate f = {}) : fate(std::move(f)) {
    auto [far, here] = socket_pair();
    cloud = std::move(far);
    auto made = ProxyTlsBridge::make(loop.uv(), std::make_unique<FakeWire>(std::move(here), fate));
    if (!made) return;
    app = std::move(made->socket);
    bridge = std::move(made->bridge);
  }
  ~Rig() { bridge.reset(); }
  Rig(const Rig &) = delete;
  Rig &operator=(const Rig &) = delete;

  // Reads all there is; false after the end.
  static bool drain(const Fd &from, std::string &into) {
    std::array<char, 65536> buf{};
    for (;;) {
      const auto n = ::recv(from.get(), buf.data(), buf.size(), 0);
      if (n > 0) into.append(buf.data(), static_cast<std::size_t>(n));
      if (n == 0 || (n < 0 && errno != EAGAIN)) return false;
      if (n < 0) return true;
    }
  }
  // As much as goes.
  static std::size_t push(const Fd &to, std::string_view bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto n = ::send(to.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (n < 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }
  // All of it from one end to the other.
  bool passes(const Fd &from, const Fd &to, const std::string &bytes) {
    std::string got;
    std::size_t sent = 0;
    const bool all = loop.until_elsewhere([&] {
      sent += push(from, std::string_view(bytes).substr(sent));
      drain(to, got);
      return got.size() >= bytes.size();
    });
    return all && got == bytes;
  }
  bool ended(const Fd &fd, std::string *last = nullptr) {
    std::string rest;
    return loop.until_elsewhere([&] { return !drain(fd, last != nullptr ? *last : rest); });
  }
};

std::string pattern(std::size_t n) {
  std::string s(n, '\0');
  for (std::size_t i = 0; i < n; ++i) s[i] = static_cast<char>(i * 7 + i / 251);
  return s;
}

std::string tls_bridge__made__gives_a_socket_ready_for_use() {
  Rig r;
  EXPECT(r.bridge != nullptr && static_cast<bool>(r.app));
  EXPECT((fcntl(r.app.get(), F_GETFL) & O_NONBLOCK) != 0);
  EXPECT((fcntl(r.app.get(), F_GETFD) & FD_CLOEXEC) != 0);
  return {};
}

std::string tls_bridge__bytes_of_every_size__arrive_whole_both_ways() {
  for (const std::size_t per_call : {1U << 20, 4096U, 7U}) {
    Rig r({.per_call = per_call});
    for (const std::size_t n : {1U, 65536U, 65537U, per_call == 7 ? 100'000U : 3'000'000U}) {
      EXPECT(r.passes(r.app, r.cloud, pattern(n)));
      EXPECT(r.passes(r.cloud, r.app, pattern(n)));
    }
    EXPECT(r.fate.same_again);
  }
  return {};
}

std::string tls_bridge__what_the_descriptor_does_not_show__is_delivered() {
  Rig r({.per_call = 16384, .hidden = pattern(200'000)});
  std::string got;
  EXPECT(r.loop.until_elsewhere([&] {
    Rig::drain(r.app, got);
    return got.size() >= 200'000;
  }));
  EXPECT(got == pattern(200'000));
  // After back pressure too: the kernel's buffer is full before it is all through, and nothing new comes.
  r.fate.hidden = pattern(2'000'000);
  got.clear();
  EXPECT_EQ(Rig::push(r.cloud, "!"), 1U);
  r.loop.during(std::chrono::milliseconds(5));
  EXPECT(r.loop.until_elsewhere([&] {
    Rig::drain(r.app, got);
    return got.size() >= 2'000'001;
  }));
  EXPECT(got == pattern(2'000'000) + "!");
  return {};
}

std::string tls_bridge__side_that_takes_no_more__is_not_read_for_and_costs_nothing() {
  Rig r;
  const auto much = pattern(4'000'000);
  for (const auto *ends : {"up", "down"}) {
    const Fd &from = *ends == 'u' ? r.app : r.cloud;
    std::size_t sent = 0;
    for (int i = 0; i < 20; ++i) {
      sent += Rig::push(from, std::string_view(much).substr(sent));
      r.loop.during(std::chrono::milliseconds(1));
    }
    EXPECT(sent < 2'000'000);  // two pairs of sockets, and 64 KiB between them
    const int before = r.fate.calls;
    r.loop.during(std::chrono::milliseconds(30));
    EXPECT(r.fate.calls - before < 5);
    std::string got;
    EXPECT(r.loop.until_elsewhere([&] {
      Rig::drain(*ends == 'u' ? r.cloud : r.app, got);
      return got.size() >= sent;
    }));
    EXPECT(got == much.substr(0, sent));
  }
  return {};
}

std::string tls_bridge__idle__does_not_turn() {
  Rig r;
  EXPECT(r.passes(r.app, r.cloud, "hello") && r.passes(r.cloud, r.app, "hello"));
  const int before = r.fate.calls;
  r.loop.during(std::chrono::milliseconds(30));
  EXPECT_EQ(r.fate.calls, before);
  return {};
}

std::string tls_bridge__far_side_closes__near_gets_all_of_it_and_then_the_end() {
  Rig r;
  const auto bytes = pattern(150'000);
  EXPECT_EQ(Rig::push(r.cloud, bytes), bytes.size());
  r.cloud.reset();
  std::string got;
  EXPECT(r.ended(r.app, &got));
  EXPECT(got == bytes);
  EXPECT(r.fate.gone);
  EXPECT(Rig::push(r.app, "x") == 0);
  return {};
}

std::string tls_bridge__near_side_closes__far_gets_all_of_it_and_then_the_end() {
  for (const bool half : {false, true}) {
    Rig r({.per_call = 1000});
    const auto bytes = pattern(150'000);
    EXPECT_EQ(Rig::push(r.app, bytes), bytes.size());
    if (half)
      ::shutdown(r.app.get(), SHUT_WR);
    else
      r.app.reset();
    std::string got;
    EXPECT(r.ended(r.cloud, &got));
    EXPECT(got == bytes);
    EXPECT(r.fate.gone);
    if (half) EXPECT(r.ended(r.app));
  }
  return {};
}

std::string tls_bridge__wire_breaks__near_gets_what_came_before_and_then_the_end() {
  {
    Rig r;
    r.fate.breaks_on_write = true;
    r.fate.hidden = "go away";
    EXPECT_EQ(Rig::push(r.app, "hello"), 5U);
    std::string got;
    EXPECT(r.ended(r.app, &got));
    EXPECT(got == "go away");
    EXPECT(r.fate.gone);
  }
  Rig r;
  r.fate.breaks_on_read = true;
  EXPECT_EQ(Rig::push(r.cloud, "?"), 1U);
  EXPECT(r.ended(r.app));
  EXPECT(r.fate.gone);
  return {};
}

std::string tls_bridge__destroyed__ends_both_sides_at_once() {
  Rig r;
  EXPECT_EQ(Rig::push(r.app, "hello"), 5U);
  r.bridge.reset();
  EXPECT(r.fate.gone);
  std::string got;
  EXPECT(!Rig::drain(r.cloud, got) && !Rig::drain(r.app, got));
  return {};
}

std::string tls_bridge__wire_without_a_descriptor__is_an_error() {
  OnLoop loop;
  Fate fate;
  EXPECT(!ProxyTlsBridge::make(loop.uv(), std::make_unique<FakeWire>(Fd(), fate)));
  EXPECT(fate.gone);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(tls_bridge__made__gives_a_socket_ready_for_use),
    ACLK_TEST(tls_bridge__bytes_of_every_size__arrive_whole_both_ways),
    ACLK_TEST(tls_bridge__what_the_descriptor_does_not_show__is_delivered),
    ACLK_TEST(tls_bridge__side_that_takes_no_more__is_not_read_for_and_costs_nothing),
    ACLK_TEST(tls_bridge__idle__does_not_turn),
    ACLK_TEST(tls_bridge__far_side_closes__near_gets_all_of_it_and_then_the_end),
    ACLK_TEST(tls_bridge__near_side_closes__far_gets_all_of_it_and_then_the_end),
    ACLK_TEST(tls_bridge__wire_breaks__near_gets_what_came_before_and_then_the_end),
    ACLK_TEST(tls_bridge__destroyed__ends_both_sides_at_once),
    ACLK_TEST(tls_bridge__wire_without_a_descriptor__is_an_error),
};

}  // namespace
}  // namespace test_proxy_tls_bridge

int bridge_suite() { return cmocka_run_group_tests_name("bridge", test_proxy_tls_bridge::tests, nullptr, nullptr); }

}  // namespace aclk::test
