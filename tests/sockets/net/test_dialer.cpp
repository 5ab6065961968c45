// SPDX-License-Identifier: GPL-3.0-or-later
//
// A connected socket, direct or through a proxy; and why there is none.
#include "aclk/net/dialer.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>
#include <optional>

#include "tests/sockets/login/suites.h"
#include "tests/sockets/net/hung_resolver.h"
#include "tests/sockets/net/net.h"
#include "tests/sockets/net/on_loop.h"
#include "tests/sockets/net/proxies.h"
#include "tests/unit/cmocka_main.h"

using namespace std::chrono_literals;

namespace aclk::test {
namespace test_dialer {
namespace {

using claim::ProxyKind;
using net::CurlMulti;
using net::Dialed;
using net::Dialer;

void echo(Peer &peer) {
  for (auto bytes = peer.read_some(); !bytes.empty(); bytes = peer.read_some())
    if (!peer.write(bytes)) return;
}

Result<Dialed> dial(const std::string &host, std::uint16_t port, const claim::Proxy &proxy,
                    std::chrono::milliseconds timeout = 5s) {
  OnLoop loop;
  CurlMulti multi(loop.uv());
  Dialer dialer(multi);
  std::optional<Result<Dialed>> result;
  dialer.dial(host, port, proxy, timeout, [&](Result<Dialed> r) { result.emplace(std::move(r)); });
  if (result || !loop.until([&] { return result.has_value(); })) return no_answer();
  return std::move(*result);
}

int option(int fd, int level, int name) {
  int v = 0;
  socklen_t len = sizeof v;
  getsockopt(fd, level, name, &v, &len);
  return v;
}

// Is it ours, usable, and has libcurl left it alone?
std::string check(const Result<Dialed> &d) {
  if (!d) return d.error().what;
  const int fd = d->socket.get();
  EXPECT((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  EXPECT((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  EXPECT(option(fd, IPPROTO_TCP, TCP_NODELAY) != 0);
  EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 60'000);
  EXPECT_EQ(::send(fd, "hello", 5, MSG_NOSIGNAL), 5);
  pollfd p{fd, POLLIN, 0};
  EXPECT_EQ(::poll(&p, 1, 5000), 1);
  char buf[16];
  EXPECT_EQ(::recv(fd, buf, sizeof buf, 0), 5);
  return {};
}

bool has(const Error &e, const std::string &what) { return e.what.find(what) != std::string::npos; }

std::string dialer__direct__gives_a_socket_ready_for_use() {
  Server server(echo);
  const auto d = dial("127.0.0.1", server.port(), {});
  EXPECT_EQ(check(d), "");
  EXPECT_EQ(d->address, "127.0.0.1:" + std::to_string(server.port()));
  return {};
}

std::string dialer__name__is_resolved_off_the_loop() {
  Server server(echo);
  EXPECT_EQ(check(dial("localhost", server.port(), {})), "");
  return {};
}

std::string dialer__ipv6__works_and_shows_brackets() {
  Server server(echo, AF_INET6);
  const auto d = dial("::1", server.port(), {});
  EXPECT_EQ(check(d), "");
  EXPECT_EQ(d->address, "[::1]:" + std::to_string(server.port()));
  return {};
}

std::string dialer__proxy_in_the_environment__does_not_interfere() {
  Server server(echo);
  const auto nobody = "http://127.0.0.1:" + std::to_string(closed_port());
  for (const char *name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::setenv(name, nobody.c_str(), 1);
  const auto direct = dial("127.0.0.1", server.port(), {});
  ::setenv("no_proxy", "*", 1);
  HttpProxy proxy;
  const auto proxied = dial("127.0.0.1", server.port(), proxy.as_proxy());
  for (const char *name : {"http_proxy", "all_proxy", "ALL_PROXY", "no_proxy"}) ::unsetenv(name);
  EXPECT_EQ(check(direct), "");
  EXPECT_EQ(check(proxied), "");
  EXPECT_EQ(proxy.connections(), 1);
  return {};
}

std::string dialer__nobody_listens__is_tcp_with_the_systems_reason() {
  const auto port = closed_port();
  const auto d = dial("127.0.0.1", port, {});
  EXPECT(!d && d.error().code == Errc::tcp);
  EXPECT(has(d.error(), "127.0.0.1:" + std::to_string(port)));
  EXPECT(has(d.error(), "Connection refused"));
  return {};
}

std::string dialer__syn_swallowed__is_timeout() {
  SilentPort silent;
  const auto d = dial("127.0.0.1", silent.port(), {}, 150ms);
  EXPECT(!d && d.error().code == Errc::timeout);
  EXPECT(has(d.error(), "127.0.0.1:" + std::to_string(silent.port())));
  EXPECT(has(d.error(), "0.15 s"));
  return {};
}

std::string dialer__name_that_is_none__is_dns() {
  const auto d = dial("no-such-host.invalid", 443, {});
  EXPECT(!d && d.error().code == Errc::dns);
  EXPECT(has(d.error(), "no-such-host.invalid:443"));
  return {};
}

std::string dialer__host_with_url_characters__goes_nowhere() {
  Server server(echo);
  for (const auto *host : {"", "127.0.0.1/x", "a@127.0.0.1", "127.0.0.1#", "127.0.0.1 x", "[::1", "a\r\nb"})
    EXPECT(!dial(host, server.port(), {}));
  EXPECT_EQ(server.accepted(), 0);
  return {};
}

std::string dialer__http_proxy__tunnels_with_connect() {
  Server server(echo);
  HttpProxy proxy;
  const auto d = dial("cloud.test", server.port(), proxy.as_proxy());
  EXPECT_EQ(check(d), "");
  const auto head = proxy.head(0);
  const auto target = "cloud.test:" + std::to_string(server.port());
  EXPECT(head.starts_with("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n"));
  EXPECT(head.find("Proxy-Authorization") == std::string::npos);
  return {};
}

constexpr auto kWantsBasic =
    "HTTP/1.1 407 Password\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 4\r\n\r\nwho?";

std::string dialer__http_proxy_that_wants_basic__gets_it_whatever_is_in_it() {
  Server server(echo);
  HttpProxy proxy({.challenge = kWantsBasic});
  auto p = proxy.as_proxy();
  p.user = "us:er@x";  // libcurl must not take it apart
  p.password = "p:w%41/";
  EXPECT_EQ(check(dial("cloud.test", server.port(), p)), "");
  EXPECT(proxy.head(0).find("Proxy-Authorization") == std::string::npos);
  // printf 'us:er@x:p:w%%41/' | base64
  EXPECT(proxy.head(1).find("Proxy-Authorization: Basic dXM6ZXJAeDpwOnclNDEv\r\n") != std::string::npos);
  return {};
}

std::string dialer__http_proxy_that_closes_when_it_asks__is_asked_again() {
  Server server(echo);
  HttpProxy proxy({.challenge = "HTTP/1.1 407 Password\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                                "Connection: close\r\nContent-Length: 0\r\n\r\n"});
  auto p = proxy.as_proxy();
  p.user = "joe";
  p.password = "hunter2";
  EXPECT_EQ(check(dial("cloud.test", server.port(), p)), "");
  EXPECT_EQ(proxy.connections(), 2);
  return {};
}

// Of several schemes the best that works with a password, and never the password itself where there is a better one.
std::string dialer__http_proxy_that_offers_several__gets_the_best_of_them() {
  Server server(echo);
  const std::pair<const char *, const char *> rows[] = {
      {"Proxy-Authenticate: Basic realm=\"x\"\r\nProxy-Authenticate: Digest realm=\"x\", nonce=\"abc\", "
       "qop=\"auth\"\r\n",
       "Proxy-Authorization: Digest username=\"joe\""},
      {"Proxy-Authenticate: Digest realm=\"x\", nonce=\"abc\", algorithm=SHA-256, qop=\"auth\"\r\n",
       "Proxy-Authorization: Digest username=\"joe\""},
      {"Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Basic realm=\"x\"\r\n",
       "Proxy-Authorization: NTLM "},
      {"Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm=\"x\"\r\n", "Proxy-Authorization: Basic "},
  };
  for (const auto &[offers, wanted] : rows) {
    HttpProxy proxy({.challenge = std::string("HTTP/1.1 407 Password\r\n") + offers + "Content-Length: 0\r\n\r\n"});
    auto p = proxy.as_proxy();
    p.user = "joe";
    p.password = "hunter2";
    EXPECT_EQ(check(dial("cloud.test", server.port(), p)), "");
    EXPECT(proxy.count() == 2 && proxy.head(1).find(wanted) != std::string::npos);
  }
  return {};
}

std::string dialer__http_proxy_says_no__its_words_and_offers_are_told() {
  HttpProxy proxy({.answer = "HTTP/1.1 407 Login first\r\nProxy-Authenticate: Bearer\r\nContent-Length: 12\r\n\r\n"
                             "Ask Barbara.\n"});
  const auto d = dial("cloud.test", 443, proxy.as_proxy());
  EXPECT(!d && has(d.error(), "407: \"407 Login first\", \"Ask Barbara.\", and offers Bearer; none of these"));
  EXPECT_EQ(proxy.count(), 1U);
  return {};
}

std::string dialer__http_proxy_answer_in_two_segments__is_understood() {
  Server server(echo);
  for (std::size_t at : {1U, 12U, 38U}) {
    HttpProxy proxy({.split_at = at});
    EXPECT_EQ(check(dial("cloud.test", server.port(), proxy.as_proxy())), "");
  }
  return {};
}

std::string dialer__http_proxy_says_407__is_proxy_without_secrets() {
  HttpProxy proxy({.answer = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic "
                             "realm=\"x\"\r\nContent-Length: 0\r\n\r\n"});
  auto p = proxy.as_proxy();
  p.user = "joe";
  p.password = "hunter2";
  const auto d = dial("cloud.test", 443, p);
  EXPECT(!d && d.error().code == Errc::proxy);
  EXPECT(has(d.error(), "407") && has(d.error(), "cloud.test:443"));
  EXPECT(has(d.error(), "http://127.0.0.1:" + std::to_string(p.port)));
  EXPECT(!has(d.error(), "hunter2") && !has(d.error(), "joe"));
  return {};
}

std::string dialer__http_proxy_forbids__is_proxy_with_its_status() {
  HttpProxy proxy({.answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"});
  const auto d = dial("cloud.test", 443, proxy.as_proxy());
  EXPECT(!d && d.error().code == Errc::proxy && has(d.error(), "403"));
  return {};
}

std::string dialer__http_proxy_hangs_up_or_talks_nonsense__is_proxy() {
  HttpProxy gone({.hang_up = true});
  auto d = dial("cloud.test", 443, gone.as_proxy());
  EXPECT(!d && d.error().code == Errc::proxy);
  HttpProxy nonsense({.answer = "SSH-2.0-OpenSSH\r\n\r\n"});
  d = dial("cloud.test", 443, nonsense.as_proxy(), 300ms);
  EXPECT(!d && (d.error().code == Errc::proxy || d.error().code == Errc::timeout));
  return {};
}

std::string dialer__http_proxy_silent__is_timeout_that_names_the_proxy() {
  HttpProxy proxy({.silent = true});
  const auto d = dial("cloud.test", 443, proxy.as_proxy(), 150ms);
  EXPECT(!d && d.error().code == Errc::timeout && has(d.error(), "proxy"));
  return {};
}

std::string dialer__proxy_down_or_unknown__is_proxy() {
  for (const auto kind : {ProxyKind::http, ProxyKind::socks5, ProxyKind::socks5h}) {
    claim::Proxy p;
    p.kind = kind;
    p.host = "127.0.0.1";
    p.port = closed_port();
    auto d = dial("127.0.0.1", 443, p);
    EXPECT(!d && d.error().code == Errc::proxy && has(d.error(), "refused"));
    p.host = "no-such-host.invalid";
    d = dial("127.0.0.1", 443, p);
    EXPECT(!d && d.error().code == Errc::proxy && has(d.error(), "no-such-host.invalid"));
  }
  return {};
}

std::string dialer__socks5h__leaves_the_name_to_the_proxy() {
  Server server(echo);
  SocksProxy proxy;
  EXPECT_EQ(check(dial("cloud.test", server.port(), proxy.as_proxy(ProxyKind::socks5h))), "");
  EXPECT_EQ(proxy.asked(0), "name:cloud.test");
  return {};
}

std::string dialer__socks5__resolves_here() {
  Server server(echo);
  SocksProxy proxy;
  EXPECT_EQ(check(dial("127.0.0.1", server.port(), proxy.as_proxy(ProxyKind::socks5))), "");
  EXPECT_EQ(proxy.asked(0), "ipv4");
  const auto d = dial("no-such-host.invalid", 443, proxy.as_proxy(ProxyKind::socks5));
  EXPECT(!d && d.error().code == Errc::dns);
  return {};
}

std::string dialer__socks5_with_password__gets_in_or_is_told_why_not() {
  Server server(echo);
  SocksProxy proxy({.user = "joe", .password = "hunter2"});
  auto p = proxy.as_proxy(ProxyKind::socks5h);
  auto d = dial("cloud.test", server.port(), p);
  EXPECT(!d && d.error().code == Errc::proxy);
  p.user = "joe";
  p.password = "hunter2";
  EXPECT_EQ(check(dial("cloud.test", server.port(), p)), "");
  p.password = "hunter3";
  d = dial("cloud.test", server.port(), p);
  EXPECT(!d && d.error().code == Errc::proxy && !has(d.error(), "hunter3"));
  return {};
}

std::string dialer__socks5_target_refused__is_proxy() {
  SocksProxy proxy;
  const auto d = dial("127.0.0.1", closed_port(), proxy.as_proxy(ProxyKind::socks5h));
  EXPECT(!d && d.error().code == Errc::proxy);
  return {};
}

std::string dialer__cancelled_or_destroyed__does_not_call() {
  HttpProxy proxy({.silent = true});
  OnLoop loop;
  CurlMulti multi(loop.uv());
  const auto never = [](Result<Dialed>) { std::abort(); };
  Dialer a(multi);
  a.cancel();
  a.dial("cloud.test", 443, proxy.as_proxy(), 5s, never);
  a.dial("cloud.test", 443, proxy.as_proxy(), 5s, never);  // gives up the first
  {
    Dialer b(multi);
    b.dial("cloud.test", 443, proxy.as_proxy(), 5s, never);
    EXPECT(loop.until_elsewhere([&] { return proxy.count() >= 2; }));
  }
  a.cancel();
  a.cancel();
  loop.during(20ms);
  return {};
}

std::string dialer__resolver_hangs__timeout_comes_in_time_and_names_dns() {
  HungResolver hung;
  const auto begin = std::chrono::steady_clock::now();
  const auto d = dial("cloud.hung", 443, {}, 100ms);
  EXPECT(!d && d.error().code == Errc::timeout && has(d.error(), "DNS"));
  EXPECT(std::chrono::steady_clock::now() - begin < 5s);
  EXPECT_EQ(HungResolver::waiting(), 1);  // nobody waited for it
  return {};
}

std::string dialer__destroyed_while_the_resolver_hangs__does_not_wait() {
  HungResolver hung;
  const auto begin = std::chrono::steady_clock::now();
  {
    OnLoop loop;
    CurlMulti multi(loop.uv());
    Dialer a(multi);
    Dialer b(multi);
    a.dial("cloud.hung", 443, {}, 30s, [](const Result<Dialed> &) { std::abort(); });
    b.dial("other.hung", 443, {}, 30s, [](const Result<Dialed> &) { std::abort(); });
    EXPECT(loop.until_elsewhere([] { return HungResolver::waiting() == 2; }));
    a.cancel();
  }
  EXPECT(std::chrono::steady_clock::now() - begin < 5s);
  EXPECT_EQ(HungResolver::waiting(), 2);
  return {};
}

std::string dialer__destroyed_while_resolving__does_not_wait() {
  OnLoop loop;
  CurlMulti multi(loop.uv());
  for (int i = 0; i < 20; ++i) {
    Dialer d(multi);
    d.dial("localhost", 1, {}, 5s, [](Result<Dialed>) { std::abort(); });
    uv_run(&loop.uv(), UV_RUN_NOWAIT);
  }
  return {};
}

std::string dialer__destroyed_from_inside_done__is_fine() {
  Server server(echo);
  OnLoop loop;
  CurlMulti multi(loop.uv());
  auto dialer = std::make_unique<Dialer>(multi);
  Fd socket;
  dialer->dial("127.0.0.1", server.port(), {}, 5s, [&](Result<Dialed> r) {
    dialer.reset();
    socket = std::move(r->socket);
  });
  EXPECT(loop.until([&] { return static_cast<bool>(socket); }));
  return {};
}

std::string dialer__dialing_again_from_inside_done__works() {
  Server server(echo);
  OnLoop loop;
  CurlMulti multi(loop.uv());
  Dialer dialer(multi);
  int count = 0;
  std::function<void(Result<Dialed>)> again = [&](Result<Dialed> r) {
    if (r && ++count < 3) dialer.dial("127.0.0.1", server.port(), {}, 5s, again);
  };
  dialer.dial("127.0.0.1", server.port(), {}, 5s, again);
  EXPECT(loop.until([&] { return count == 3; }));
  EXPECT(loop.until_elsewhere([&] { return server.accepted() == 3; }));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(dialer__direct__gives_a_socket_ready_for_use),
    ACLK_TEST(dialer__name__is_resolved_off_the_loop),
    ACLK_TEST(dialer__ipv6__works_and_shows_brackets),
    ACLK_TEST(dialer__proxy_in_the_environment__does_not_interfere),
    ACLK_TEST(dialer__nobody_listens__is_tcp_with_the_systems_reason),
    ACLK_TEST(dialer__syn_swallowed__is_timeout),
    ACLK_TEST(dialer__name_that_is_none__is_dns),
    ACLK_TEST(dialer__host_with_url_characters__goes_nowhere),
    ACLK_TEST(dialer__http_proxy__tunnels_with_connect),
    ACLK_TEST(dialer__http_proxy_that_wants_basic__gets_it_whatever_is_in_it),
    ACLK_TEST(dialer__http_proxy_that_closes_when_it_asks__is_asked_again),
    ACLK_TEST(dialer__http_proxy_that_offers_several__gets_the_best_of_them),
    ACLK_TEST(dialer__http_proxy_says_no__its_words_and_offers_are_told),
    ACLK_TEST(dialer__http_proxy_answer_in_two_segments__is_understood),
    ACLK_TEST(dialer__http_proxy_says_407__is_proxy_without_secrets),
    ACLK_TEST(dialer__http_proxy_forbids__is_proxy_with_its_status),
    ACLK_TEST(dialer__http_proxy_hangs_up_or_talks_nonsense__is_proxy),
    ACLK_TEST(dialer__http_proxy_silent__is_timeout_that_names_the_proxy),
    ACLK_TEST(dialer__proxy_down_or_unknown__is_proxy),
    ACLK_TEST(dialer__socks5h__leaves_the_name_to_the_proxy),
    ACLK_TEST(dialer__socks5__resolves_here),
    ACLK_TEST(dialer__socks5_with_password__gets_in_or_is_told_why_not),
    ACLK_TEST(dialer__socks5_target_refused__is_proxy),
    ACLK_TEST(dialer__cancelled_or_destroyed__does_not_call),
    ACLK_TEST(dialer__resolver_hangs__timeout_comes_in_time_and_names_dns),
    ACLK_TEST(dialer__destroyed_while_the_resolver_hangs__does_not_wait),
    ACLK_TEST(dialer__destroyed_while_resolving__does_not_wait),
    ACLK_TEST(dialer__destroyed_from_inside_done__is_fine),
    ACLK_TEST(dialer__dialing_again_from_inside_done__works),
};

}  // namespace
}  // namespace test_dialer

int dialer_suite() { return cmocka_run_group_tests_name("dialer", test_dialer::tests, nullptr, nullptr); }

}  // namespace aclk::test
