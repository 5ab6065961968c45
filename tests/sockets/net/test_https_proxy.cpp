// SPDX-License-Identifier: GPL-3.0-or-later
//
// Through a proxy that is spoken TLS with: a socket for the broker, an HTTPS request, and whose certificate it was.
#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include "aclk/net/dialer.h"
#include "aclk/net/http_client.h"
#include "tests/sockets/login/suites.h"
#include "tests/sockets/net/https_server.h"
#include "tests/sockets/net/on_loop.h"
#include "tests/sockets/net/proxies.h"
#include "tests/unit/cmocka_main.h"

using namespace std::chrono_literals;

namespace aclk::test {
namespace test_https_proxy {
namespace {

using net::Cause;
using net::CurlMulti;
using net::Dialed;
using net::Dialer;
using net::Reached;
using net::TlsPolicy;

const Ca &of_proxy() {
  static const Ca ca("Proxy CA");
  return ca;
}
const Ca &of_cloud() {
  static const Ca ca("Cloud CA");
  return ca;
}

void echo(Peer &peer) {
  for (auto bytes = peer.read_some(); !bytes.empty(); bytes = peer.read_some())
    if (!peer.write(bytes)) return;
}

// An HTTP proxy behind TLS.
struct SecureProxy {
  HttpProxy inner;
  TlsFront front;
  std::string host = "localhost";

  explicit SecureProxy(ProxyWish wish = {}, ServerContext tls = of_proxy().server())
      : inner(std::move(wish)), front(std::move(tls), inner.as_proxy().port) {}
  [[nodiscard]] claim::Proxy as_proxy() const {
    auto p = inner.as_proxy();
    p.kind = claim::ProxyKind::https;
    p.host = host;
    p.port = front.port();
    return p;
  }
};

// One dialing and what came of it; the loop turns as long as this lives.
struct Dial {
  OnLoop loop;
  CurlMulti multi{loop.uv()};
  std::unique_ptr<Reached<Dialed>> result;  // no std::optional: GCC 14 takes its value for uninitialized

  Dial(const claim::Proxy &proxy, std::uint16_t port, TlsPolicy policy, std::chrono::milliseconds timeout = 60s) {
    Dialer dialer(multi, std::move(policy));
    dialer.dial("cloud.test", port, proxy, timeout, [&](Reached<Dialed> r) { become(std::move(r)); });
    if (!loop.until([&] { return result != nullptr; }, 60s))  // valgrind takes seconds for the system's certificates
      become(net::unreached(Errc::cancelled, "no answer", Cause::other));
  }
  ~Dial() { result.reset(); }
  Dial(const Dial &) = delete;
  Dial &operator=(const Dial &) = delete;

  void become(Reached<Dialed> r) { result = std::make_unique<Reached<Dialed>>(std::move(r)); }
  [[nodiscard]] std::string trouble() const { return *result ? "" : result->error().what; }
  [[nodiscard]] bool has(const std::string &words) const { return trouble().find(words) != std::string::npos; }
  [[nodiscard]] bool by_proxy() const {
    return !*result && result->error().code == Errc::proxy && result->error().cause == Cause::proxy;
  }

  // Sends, and reads until as much has come back.
  std::string exchange(const std::string &bytes) {
    const int fd = (*result)->socket.get();
    std::string got;
    std::size_t sent = 0;
    (void)loop.until_elsewhere([&] {
      if (sent < bytes.size())
        if (const auto n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL); n > 0)
          sent += static_cast<std::size_t>(n);
      std::array<char, 65536> buf{};
      if (const auto n = ::recv(fd, buf.data(), buf.size(), 0); n > 0)
        got.append(buf.data(), static_cast<std::size_t>(n));
      return got.size() >= bytes.size();
    });
    return got;
  }
};

std::string https_proxy__dialed__carries_bytes_both_ways() {
  Server server(echo);
  SecureProxy proxy({.challenge = "HTTP/1.1 407 Password\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                                  "Content-Length: 0\r\n\r\n"});
  const PemFile trust(of_proxy().pem());
  auto p = proxy.as_proxy();
  p.user = "joe";
  p.password = "hunter2";
  Dial d(p, server.port(), {trust.path(), false});
  EXPECT_EQ(d.trouble(), "");
  const auto &dialed = **d.result;
  EXPECT(dialed.bridge != nullptr);
  EXPECT_EQ(dialed.address, "127.0.0.1:" + std::to_string(p.port));
  EXPECT((fcntl(dialed.socket.get(), F_GETFL) & O_NONBLOCK) != 0);
  EXPECT((fcntl(dialed.socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
  EXPECT_EQ(d.exchange("hello"), "hello");
  std::string much(2'000'000, '\0');
  for (std::size_t i = 0; i < much.size(); ++i) much[i] = static_cast<char>(i * 7 + i / 251);
  EXPECT(d.exchange(much) == much);
  // printf 'joe:hunter2' | base64
  EXPECT(proxy.inner.head(1).find("Proxy-Authorization: Basic am9lOmh1bnRlcjI=\r\n") != std::string::npos);
  EXPECT(proxy.inner.head(0).starts_with("CONNECT cloud.test:" + std::to_string(server.port()) + " "));
  return {};
}

std::string https_proxy__target_hangs_up__is_seen_at_the_socket() {
  Server server([](Peer &peer) {
    (void)peer.read_some();
    (void)peer.write("bye");
  });
  SecureProxy proxy;
  const PemFile trust(of_proxy().pem());
  Dial d(proxy.as_proxy(), server.port(), {trust.path(), false});
  EXPECT_EQ(d.trouble(), "");
  EXPECT_EQ(d.exchange("hel"), "bye");
  char c = 0;
  EXPECT(d.loop.until_elsewhere([&] { return ::recv((*d.result)->socket.get(), &c, 1, 0) == 0; }));
  return {};
}

std::string https_proxy__certificate_not_to_be_trusted__is_the_proxys_fault() {
  struct Row {
    const Ca &trusted;
    LeafSpec leaf;
    const char *words;
  };
  const std::array rows{
      Row{of_cloud(), {}, "is not trusted"},
      Row{of_proxy(), {.from_s = -7200, .to_s = -3600}, "expired on"},
      Row{of_proxy(),
          {.name = "other.test", .san = "DNS:other.test"},
          "the proxy must be named as its certificate does"},
  };
  for (const auto &r : rows) {
    SecureProxy proxy({}, of_proxy().server(r.leaf));
    const PemFile trust(r.trusted.pem());
    const Dial d(proxy.as_proxy(), 443, {trust.path(), false});
    if (!d.by_proxy() || !d.has(r.words) || !d.has("the proxy's own certificate, not the cloud's"))
      return std::string(r.words) + ": " + d.trouble();
    EXPECT(d.has("TLS with the proxy https://localhost:"));
    EXPECT_EQ(proxy.inner.count(), 0U);
  }
  return {};
}

std::string https_proxy__insecure__takes_any_certificate() {
  Server server(echo);
  SecureProxy proxy({}, of_proxy().server({.name = "other.test", .san = "DNS:other.test", .to_s = -60}));
  Dial d(proxy.as_proxy(), server.port(), {"", true});
  EXPECT_EQ(d.trouble(), "");
  EXPECT_EQ(d.exchange("hello"), "hello");
  return {};
}

std::string https_proxy__old_tls_or_none__is_the_proxys_fault() {
  const PemFile trust(of_proxy().pem());
  SecureProxy old({}, of_proxy().server({}, TLS1_1_VERSION));
  const Dial d(old.as_proxy(), 443, {trust.path(), false});
  EXPECT(d.by_proxy() && d.has("TLS 1.2"));
  Server plain([](Peer &peer) {
    (void)peer.read_some();
    (void)peer.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    peer.until_closed();
  });
  auto p = old.as_proxy();
  p.port = plain.port();
  const Dial e(p, 443, {trust.path(), false});
  EXPECT(e.by_proxy() && e.has("written http://"));
  return {};
}

std::string https_proxy__refuses_or_is_silent__is_said_as_of_any_proxy() {
  const PemFile trust(of_proxy().pem());
  SecureProxy no({.answer = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"});
  const Dial refused(no.as_proxy(), 443, {trust.path(), false});
  EXPECT(refused.by_proxy() && refused.has("407") && refused.has("https://user:password@host:port"));
  SecureProxy silent({.silent = true});
  silent.host = "127.0.0.1";  // or the short time may be over while the name is looked up
  const Dial late(silent.as_proxy(), 443, {trust.path(), false}, 500ms);
  EXPECT(!*late.result && late.result->error().code == Errc::timeout && late.result->error().cause == Cause::proxy);
  SecureProxy gone({.hang_up = true});
  const Dial cut(gone.as_proxy(), 443, {trust.path(), false});
  EXPECT(cut.by_proxy());
  return {};
}

std::string https_proxy__trust_file_that_is_none__is_about_that() {
  SecureProxy proxy;
  const PemFile trust("no certificate");
  const Dial d(proxy.as_proxy(), 443, {trust.path(), false});
  EXPECT(!*d.result && d.has("trusted.pem"));
  return {};
}

std::string https_proxy__given_up_at_any_time__leaves_nothing() {
  Server server(echo);
  SecureProxy proxy;
  SecureProxy silent({.silent = true});
  const PemFile trust(of_proxy().pem());
  OnLoop loop;
  CurlMulti multi(loop.uv());
  const auto never = [](Reached<Dialed>) { std::abort(); };
  for (int turns = 0; turns < 12; ++turns) {
    Dialer d(multi, {trust.path(), false});
    d.dial("cloud.test", 443, silent.as_proxy(), 60s, never);
    for (int i = 0; i < turns; ++i) loop.during(2ms);
    if (turns % 2 == 0) d.cancel();
  }
  // From inside `done`, with all that it was given.
  auto dialer = std::make_unique<Dialer>(multi, TlsPolicy{trust.path(), false});
  bool done = false;
  dialer->dial("cloud.test", server.port(), proxy.as_proxy(), 60s, [&](Reached<Dialed> r) {
    done = r.has_value();
    dialer.reset();
  });
  EXPECT(loop.until([&] { return done; }, 60s));
  EXPECT(loop.until_elsewhere([&] { return proxy.inner.connections() == 1; }));
  return {};
}

Reached<net::HttpsResponse> get(const HttpsServer &server, const claim::Proxy &proxy, const std::string &trust_file) {
  OnLoop loop;
  CurlMulti multi(loop.uv());
  net::HttpClient http(multi, {.proxy = proxy, .trust_file = trust_file, .insecure = false});
  std::optional<Reached<net::HttpsResponse>> result;
  http.start({.url = server.url("/")}, [&](Reached<net::HttpsResponse> r) { result.emplace(std::move(r)); });
  if (!loop.until([&] { return result.has_value(); }, 60s))
    return net::unreached(Errc::cancelled, "no answer", Cause::other);
  return std::move(*result);
}

std::string https_proxy__https_request__trusts_both_and_tells_them_apart() {
  HttpsServer server(of_cloud().server(), [](const std::string &) { return http_reply(200, "hi"); });
  SecureProxy proxy;
  const PemFile both(of_proxy().pem() + of_cloud().pem());
  const auto ok = get(server, proxy.as_proxy(), both.path());
  EXPECT(ok && ok->body == "hi");
  const PemFile only_proxy(of_proxy().pem());
  const auto cloud = get(server, proxy.as_proxy(), only_proxy.path());
  EXPECT(!cloud && cloud.error().code == Errc::tls && cloud.error().cause == Cause::certificate);
  EXPECT(cloud.error().what.find("Cloud CA") != std::string::npos);
  const PemFile only_cloud(of_cloud().pem());
  const auto mine = get(server, proxy.as_proxy(), only_cloud.path());
  EXPECT(!mine && mine.error().code == Errc::proxy && mine.error().cause == Cause::proxy);
  EXPECT(mine.error().what.find("Proxy CA") != std::string::npos);
  EXPECT_EQ(server.handshakes(), 1);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(https_proxy__dialed__carries_bytes_both_ways),
    ACLK_TEST(https_proxy__target_hangs_up__is_seen_at_the_socket),
    ACLK_TEST(https_proxy__certificate_not_to_be_trusted__is_the_proxys_fault),
    ACLK_TEST(https_proxy__insecure__takes_any_certificate),
    ACLK_TEST(https_proxy__old_tls_or_none__is_the_proxys_fault),
    ACLK_TEST(https_proxy__refuses_or_is_silent__is_said_as_of_any_proxy),
    ACLK_TEST(https_proxy__trust_file_that_is_none__is_about_that),
    ACLK_TEST(https_proxy__given_up_at_any_time__leaves_nothing),
    ACLK_TEST(https_proxy__https_request__trusts_both_and_tells_them_apart),
};

}  // namespace
}  // namespace test_https_proxy

int https_proxy_suite() {
  return cmocka_run_group_tests_name("https_proxy", test_https_proxy::tests, nullptr, nullptr);
}

}  // namespace aclk::test
