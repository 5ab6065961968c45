// SPDX-License-Identifier: GPL-3.0-or-later
//
// The address that worked last first: the rule alone, and with the real libcurl, for which localhost has two.
#include "aclk/net/reach_memory.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <optional>

#include "aclk/net/dialer.h"
#include "aclk/net/http_client.h"
#include "tests/sockets/net/https_server.h"
#include "tests/sockets/net/on_loop.h"
#include "tests/sockets/net/suites.h"
#include "tests/unit/cmocka_main.h"

namespace aclk::test {
namespace test_address_order {
namespace {

using net::AddressOrder;
using net::GoodAddresses;

std::string order__without_a_favourite__takes_each() {
  AddressOrder o;
  EXPECT(o.takes("[::1]:1") && o.takes("127.0.0.1:1"));
  EXPECT(!o.again());
  return {};
}

std::string order__favourite__is_first_and_those_after_it_follow() {
  AddressOrder o("192.0.2.2:1");
  EXPECT(!o.takes("192.0.2.1:1"));
  EXPECT(o.takes("192.0.2.2:1"));
  EXPECT(o.takes("192.0.2.3:1"));
  EXPECT(o.again());  // for the one that was let pass
  EXPECT(o.takes("192.0.2.1:1") && o.takes("192.0.2.2:1"));
  EXPECT(!o.again());
  return {};
}

std::string order__favourite_is_no_address_of_the_host_any_more__all_are_tried_then() {
  AddressOrder o("192.0.2.9:1");
  EXPECT(!o.takes("192.0.2.1:1") && !o.takes("192.0.2.2:1"));
  EXPECT(o.again());
  EXPECT(o.takes("192.0.2.1:1") && o.takes("192.0.2.2:1"));
  EXPECT(!o.again());
  return {};
}

std::string order__favourite_was_the_first_anyway__nothing_is_left_to_try() {
  AddressOrder o("192.0.2.1:1");
  EXPECT(o.takes("192.0.2.1:1") && o.takes("192.0.2.2:1"));
  EXPECT(!o.again());
  return {};
}

std::string good_addresses__last_that_worked__until_it_fails() {
  GoodAddresses g;
  EXPECT_EQ(g.of("cloud:443"), "");
  g.worked("cloud:443", "192.0.2.1:443");
  g.worked("cloud:443", "192.0.2.2:443");
  EXPECT_EQ(g.of("cloud:443"), "192.0.2.2:443");
  EXPECT_EQ(g.of("broker:443"), "");
  g.failed("cloud:443");
  EXPECT_EQ(g.of("cloud:443"), "");
  for (std::size_t i = 0; i <= GoodAddresses::kMost; ++i) g.worked(std::to_string(i), "192.0.2.1:443");
  EXPECT_EQ(g.of(std::to_string(GoodAddresses::kMost)), "");
  return {};
}

// Accepts connections at the loopback address of this family and says nothing, where a server has this port at the
// other's. Invalid: no IPv6 here, or the port is somebody else's.
class Namesake {
 public:
  Namesake(std::uint16_t port, int family) : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four.sin_port = htons(port);
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_addr = in6addr_loopback;
    six.sin6_port = htons(port);
    const auto *const at =
        family == AF_INET ? reinterpret_cast<const sockaddr *>(&four) : reinterpret_cast<const sockaddr *>(&six);
    if (::bind(fd_.get(), at, family == AF_INET ? sizeof four : sizeof six) != 0 || ::listen(fd_.get(), 8) != 0)
      fd_.reset();
  }
  [[nodiscard]] bool valid() const { return static_cast<bool>(fd_); }
  // Connections since the last call.
  [[nodiscard]] int take() const {
    int n = 0;
    while (Fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC))) ++n;
    return n;
  }

 private:
  Fd fd_;
};

std::string address(const char *ip, std::uint16_t port) { return std::string(ip) + ":" + std::to_string(port); }

Result<net::HttpsResponse> ask_localhost(const HttpsServer &server, const std::shared_ptr<net::ReachMemory> &memory) {
  OnLoop loop;
  net::CurlMulti multi(loop.uv());
  net::HttpClient http(multi, {.proxy = {}, .trust_file = "", .insecure = true, .memory = memory});
  std::optional<Result<net::HttpsResponse>> result;
  http.start({.url = server.url("/"), .connect_timeout = std::chrono::milliseconds(500)},
             [&](Result<net::HttpsResponse> r) { result.emplace(std::move(r)); });
  if (!loop.until([&] { return result.has_value(); })) return no_answer();
  return std::move(*result);
}

// A mute address before the server's. Which family of "localhost" libcurl takes first is its own affair: IPv4 in 7.88,
// IPv6 in 8.14.
std::string address__that_worked_last__is_tried_first() {
  int seen = 0;
  for (const bool six : {true, false}) {
    const HttpsServer server(
        Ca("Our CA").server(), [](const std::string &) { return http_reply(200, "hi"); }, six ? AF_INET6 : AF_INET);
    const Namesake namesake(server.port(), six ? AF_INET : AF_INET6);
    if (!namesake.valid()) return {};
    const auto key = address("localhost", server.port());
    const auto own = address(six ? "[::1]" : "127.0.0.1", server.port());
    const auto memory = std::make_shared<net::ReachMemory>();
    if (ask_localhost(server, memory)) continue;  // the server's address is the first one anyway
    ++seen;
    EXPECT_EQ(namesake.take(), 1);
    memory->addresses().worked(key, own);
    const auto r = ask_localhost(server, memory);
    EXPECT(r);
    EXPECT_EQ(r->address, own);
    EXPECT_EQ(namesake.take(), 0);
    EXPECT_EQ(memory->addresses().of(key), r->address);
  }
  EXPECT_EQ(seen, 1);
  return {};
}

std::string address__that_is_none_of_the_host_any_more__is_not_connected_to() {
  const HttpsServer server(Ca("Our CA").server(), [](const std::string &) { return http_reply(200, "hi"); });
  const auto key = address("localhost", server.port());
  const auto memory = std::make_shared<net::ReachMemory>();
  memory->addresses().worked(key, address("127.0.0.2", server.port()));
  const auto r = ask_localhost(server, memory);
  EXPECT(r);
  EXPECT_EQ(r->address, address("127.0.0.1", server.port()));
  EXPECT_EQ(memory->addresses().of(key), r->address);
  return {};
}

std::string address__that_refuses_now__is_followed_by_the_others() {
  const HttpsServer server(
      Ca("Our CA").server(), [](const std::string &) { return http_reply(200, "hi"); }, AF_INET6);
  const auto memory = std::make_shared<net::ReachMemory>();
  memory->addresses().worked(address("localhost", server.port()), address("127.0.0.1", server.port()));
  const auto r = ask_localhost(server, memory);
  EXPECT(r);
  EXPECT_EQ(r->address, address("[::1]", server.port()));
  return {};
}

std::string address__of_a_server_that_answers_500__is_no_favourite() {
  const HttpsServer server(Ca("Our CA").server(), [](const std::string &) { return http_reply(503, ""); });
  const auto memory = std::make_shared<net::ReachMemory>();
  EXPECT(ask_localhost(server, memory));
  EXPECT_EQ(memory->addresses().of(address("localhost", server.port())), "");
  return {};
}

std::string address__all_refuse__is_told_with_those_tried() {
  OnLoop loop;
  net::CurlMulti multi(loop.uv());
  const auto port = closed_port();
  const auto memory = std::make_shared<net::ReachMemory>();
  memory->addresses().worked(address("localhost", port), address("127.0.0.1", port));
  net::Dialer dialer(multi, {"", true, memory});
  std::optional<net::Reached<net::Dialed>> result;
  dialer.dial("localhost", port, {}, std::chrono::seconds(10),
              [&](net::Reached<net::Dialed> r) { result.emplace(std::move(r)); });
  EXPECT(loop.until([&] { return result.has_value(); }));
  EXPECT(!*result && result->error().cause == net::Cause::refused);
  EXPECT(result->error().what.find("127.0.0.1") != std::string::npos);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(order__without_a_favourite__takes_each),
    ACLK_TEST(order__favourite__is_first_and_those_after_it_follow),
    ACLK_TEST(order__favourite_is_no_address_of_the_host_any_more__all_are_tried_then),
    ACLK_TEST(order__favourite_was_the_first_anyway__nothing_is_left_to_try),
    ACLK_TEST(good_addresses__last_that_worked__until_it_fails),
    ACLK_TEST(address__that_worked_last__is_tried_first),
    ACLK_TEST(address__that_is_none_of_the_host_any_more__is_not_connected_to),
    ACLK_TEST(address__that_refuses_now__is_followed_by_the_others),
    ACLK_TEST(address__of_a_server_that_answers_500__is_no_favourite),
    ACLK_TEST(address__all_refuse__is_told_with_those_tried),
};

}  // namespace
}  // namespace test_address_order

int address_order_suite() {
  return cmocka_run_group_tests_name("address_order", test_address_order::tests, nullptr, nullptr);
}

}  // namespace aclk::test
