// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sessions of TLS over several connections, with the real libcurl and OpenSSL: when a server sees one again, and when
// it must not.
#include <openssl/ssl.h>

#include <optional>

#include "aclk/net/http_client.h"
#include "aclk/net/reach_memory.h"
#include "tests/sockets/net/https_server.h"
#include "tests/sockets/net/on_loop.h"
#include "tests/sockets/net/suites.h"
#include "tests/unit/cmocka_main.h"

namespace aclk::test {
namespace test_tls_sessions {
namespace {

using net::HttpClient;
using net::HttpsResponse;
using net::ReachMemory;
using net::TlsTrust;

const Ca &our_ca() {
  static const Ca ca("Our CA");
  return ca;
}

HttpsServer::Script greeting() {
  return [](const std::string &) { return http_reply(200, "hi"); };
}

struct Asked {
  std::string trust_file;
  bool insecure = false;
  std::string host = "localhost";
};

// One request over a connection of its own.
Result<HttpsResponse> ask(const HttpsServer &server, const std::shared_ptr<ReachMemory> &memory, const Asked &a) {
  OnLoop loop;
  net::CurlMulti multi(loop.uv());
  HttpClient http(multi, {.proxy = {}, .trust_file = a.trust_file, .insecure = a.insecure, .memory = memory});
  std::optional<Result<HttpsResponse>> result;
  http.start({.url = server.url("/", a.host)}, [&](Result<HttpsResponse> r) { result.emplace(std::move(r)); });
  if (!loop.until([&] { return result.has_value(); })) return no_answer();
  return std::move(*result);
}

std::string resumed_with(int version, long options) {
  const PemFile file(our_ca().pem());
  auto context = our_ca().server();
  SSL_CTX_set_max_proto_version(context.get(), version);
  SSL_CTX_set_options(context.get(), static_cast<std::uint64_t>(options));
  const unsigned char of[] = "test";
  SSL_CTX_set_session_id_context(context.get(), of, sizeof of);
  const HttpsServer server(std::move(context), greeting());
  const auto memory = std::make_shared<ReachMemory>();
  for (int i = 0; i < 4; ++i) {
    const auto r = ask(server, memory, {.trust_file = file.path()});
    EXPECT(r);
    EXPECT_EQ(r->trust, TlsTrust::verified);  // of the first handshake, which the session goes on with
    EXPECT_EQ(server.handshakes(), i + 1);
    EXPECT_EQ(server.resumed(), i);
  }
  return {};
}

std::string sessions__second_connection__goes_on_with_the_first_ones() { return resumed_with(TLS1_3_VERSION, 0); }
std::string sessions__tls_1_2_with_tickets__goes_on_each_time() { return resumed_with(TLS1_2_VERSION, 0); }
std::string sessions__tls_1_2_without_tickets__goes_on_by_its_id() {
  return resumed_with(TLS1_2_VERSION, SSL_OP_NO_TICKET);
}

// A server gives two tickets at a time, and OpenSSL thinks little of the first when it has the second.
std::string sessions__two_connections_at_once__both_go_on() {
  const PemFile file(our_ca().pem());
  const HttpsServer server(our_ca().server(), greeting());
  const auto memory = std::make_shared<ReachMemory>();
  EXPECT(ask(server, memory, {.trust_file = file.path()}));
  OnLoop loop;
  net::CurlMulti multi(loop.uv());
  HttpClient http(multi, {.proxy = {}, .trust_file = file.path(), .insecure = false, .memory = memory});
  int good = 0;
  for (int i = 0; i < 2; ++i)
    http.start({.url = server.url("/")}, [&](const Result<HttpsResponse> &r) { good += r ? 1 : 0; });
  EXPECT(loop.until([&] { return good == 2; }));
  EXPECT(server.handshakes() == 3 && server.resumed() == 2);
  return {};
}

std::string sessions__without_memory__each_handshake_is_whole() {
  const PemFile file(our_ca().pem());
  const HttpsServer server(our_ca().server(), greeting());
  for (int i = 0; i < 2; ++i) EXPECT(ask(server, nullptr, {.trust_file = file.path()}));
  EXPECT_EQ(server.resumed(), 0);
  return {};
}

std::string sessions__ticket_keys_changed__handshake_is_whole_and_verified() {
  const PemFile file(our_ca().pem());
  const auto memory = std::make_shared<ReachMemory>();
  auto context = our_ca().server();
  auto *const raw = context.get();
  const HttpsServer server(std::move(context), greeting());
  EXPECT(ask(server, memory, {.trust_file = file.path()}));
  std::string keys(static_cast<std::size_t>(SSL_CTX_get_tlsext_ticket_keys(raw, nullptr, 0)), 'k');
  EXPECT_EQ(SSL_CTX_set_tlsext_ticket_keys(raw, keys.data(), static_cast<long>(keys.size())), 1);
  const auto r = ask(server, memory, {.trust_file = file.path()});
  EXPECT(r);
  EXPECT_EQ(r->trust, TlsTrust::verified);
  EXPECT(server.handshakes() == 2 && server.resumed() == 0);
  return {};
}

std::string sessions__verified_by_nobody__are_not_offered_where_somebody_is_to_verify() {
  const PemFile file(our_ca().pem());
  const HttpsServer server(our_ca().server(), greeting());
  const auto memory = std::make_shared<ReachMemory>();
  EXPECT(ask(server, memory, {.trust_file = "", .insecure = true}));
  const auto untrusted = ask(server, memory, {.trust_file = ""});
  EXPECT(!untrusted && untrusted.error().code == Errc::tls);
  EXPECT(ask(server, memory, {.trust_file = file.path()}));
  EXPECT_EQ(server.resumed(), 0);
  const auto again = ask(server, memory, {.trust_file = "", .insecure = true});
  EXPECT(again && again->trust == TlsTrust::unverified);
  return {};
}

std::string sessions__another_name_of_the_same_server__gets_none() {
  const PemFile file(our_ca().pem());
  const HttpsServer server(our_ca().server({.san = "DNS:localhost"}), greeting());
  const auto memory = std::make_shared<ReachMemory>();
  EXPECT(ask(server, memory, {.trust_file = file.path()}));
  const auto r = ask(server, memory, {.trust_file = file.path(), .host = "127.0.0.1"});
  EXPECT(!r && r.error().code == Errc::tls);
  EXPECT_EQ(server.resumed(), 0);
  return {};
}

std::string sessions__trust_file_changed__old_ones_are_forgotten() {
  const Ca other("Other CA");
  const PemFile file(our_ca().pem());
  const HttpsServer server(our_ca().server(), greeting());
  const auto memory = std::make_shared<ReachMemory>();
  EXPECT(ask(server, memory, {.trust_file = file.path()}));
  EXPECT(write_file_atomically(file.path(), other.pem(), 0600));
  const auto r = ask(server, memory, {.trust_file = file.path()});
  EXPECT(!r && r.error().code == Errc::tls);
  EXPECT(write_file_atomically(file.path(), our_ca().pem(), 0600));
  EXPECT(ask(server, memory, {.trust_file = file.path()}));
  EXPECT_EQ(server.resumed(), 0);
  EXPECT(ask(server, memory, {.trust_file = file.path()}));
  EXPECT_EQ(server.resumed(), 1);
  return {};
}

// A certificate that is over is looked at again, whatever the ticket says.
std::string sessions__certificate_expires__so_does_its_session() {
  const PemFile file(our_ca().pem());
  const HttpsServer server(our_ca().server({.to_s = 2}), greeting());
  const auto memory = std::make_shared<ReachMemory>();
  EXPECT(ask(server, memory, {.trust_file = file.path()}));
  OnLoop loop;
  EXPECT(loop.until_elsewhere([&] { return !ask(server, memory, {.trust_file = file.path()}); }));
  const auto r = ask(server, memory, {.trust_file = file.path()});
  EXPECT(!r && r.error().what.find("expired") != std::string::npos);
  return {};
}

std::string sessions__names_they_are_kept_under__differ_by_all_that_trust_depends_on() {
  const net::TlsPolicy policy{"/trusted.pem", false};
  claim::Proxy proxy;
  proxy.kind = claim::ProxyKind::https;
  proxy.host = "proxy";
  proxy.port = 3128;
  auto other_user = proxy;
  other_user.user = "u";
  const auto base = net::session_peer("cloud:443", policy, {});
  EXPECT(base == net::session_peer("cloud:443", policy, {}));
  EXPECT(base != net::session_peer("cloud:444", policy, {}));
  EXPECT(base != net::session_peer("cloud:443", {"/other.pem", false}, {}));
  EXPECT(base != net::session_peer("cloud:443", {"/trusted.pem", true}, {}));
  EXPECT(base != net::session_peer("cloud:443", policy, proxy));
  EXPECT(net::session_peer("cloud:443", policy, proxy) != net::session_peer("cloud:443", policy, other_user));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(sessions__second_connection__goes_on_with_the_first_ones),
    ACLK_TEST(sessions__tls_1_2_with_tickets__goes_on_each_time),
    ACLK_TEST(sessions__tls_1_2_without_tickets__goes_on_by_its_id),
    ACLK_TEST(sessions__two_connections_at_once__both_go_on),
    ACLK_TEST(sessions__without_memory__each_handshake_is_whole),
    ACLK_TEST(sessions__ticket_keys_changed__handshake_is_whole_and_verified),
    ACLK_TEST(sessions__verified_by_nobody__are_not_offered_where_somebody_is_to_verify),
    ACLK_TEST(sessions__another_name_of_the_same_server__gets_none),
    ACLK_TEST(sessions__trust_file_changed__old_ones_are_forgotten),
    ACLK_TEST(sessions__certificate_expires__so_does_its_session),
    ACLK_TEST(sessions__names_they_are_kept_under__differ_by_all_that_trust_depends_on),
};

}  // namespace
}  // namespace test_tls_sessions

int tls_sessions_suite() {
  return cmocka_run_group_tests_name("tls_sessions", test_tls_sessions::tests, nullptr, nullptr);
}

}  // namespace aclk::test
