// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whom HttpClient trusts: chain, host name, dates, version; the trust file, the system's store, insecure.
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstdlib>
#include <optional>

#include "aclk/net/http_client.h"
#include "tests/sockets/login/suites.h"
#include "tests/sockets/net/https_server.h"
#include "tests/sockets/net/on_loop.h"
#include "tests/unit/cmocka_main.h"

namespace aclk::test {
namespace test_https_trust {
namespace {

using net::HttpClient;
using net::HttpsResponse;

const Ca &ours() {
  static const Ca ca("Our CA");
  return ca;
}
const Ca &other() {
  static const Ca ca("Other CA");
  return ca;
}
const Ca &namesake() {
  static const Ca ca("Our CA");  // the right name, another key
  return ca;
}

HttpsServer::Script hi() {
  return [](const std::string &) { return http_reply(200, "hi"); };
}

struct Case {
  std::string trust_file{};
  bool insecure = false;
  std::string host = "localhost";
};

Result<HttpsResponse> get(const HttpsServer &server, const Case &c) {
  OnLoop loop;
  net::CurlMulti multi(loop.uv());
  HttpClient http(multi, {.proxy = {}, .trust_file = c.trust_file, .insecure = c.insecure});
  std::optional<Result<HttpsResponse>> result;
  http.start({.url = server.url("/", c.host)}, [&](Result<HttpsResponse> r) { result.emplace(std::move(r)); });
  if (!loop.until([&] { return result.has_value(); })) return no_answer();
  return std::move(*result);
}

bool has(const Error &e, const std::string &what) { return e.what.find(what) != std::string::npos; }

std::string trust__ca_in_the_file__is_trusted_for_name_and_both_addresses() {
  const PemFile file(ours().pem());
  HttpsServer four(ours().server(), hi());
  EXPECT(get(four, {.trust_file = file.path()}));
  EXPECT(get(four, {.trust_file = file.path(), .host = "127.0.0.1"}));
  HttpsServer six(ours().server(), hi(), AF_INET6);
  EXPECT(get(six, {.trust_file = file.path(), .host = "[::1]"}));
  return {};
}

std::string trust__ca_second_in_the_file__is_trusted() {
  const PemFile file(other().pem() + "# a comment between\n" + ours().pem());
  HttpsServer server(ours().server(), hi());
  EXPECT(get(server, {.trust_file = file.path()}));
  return {};
}

std::string trust__no_file__private_ca_is_refused_with_reason_subject_and_issuer() {
  HttpsServer server(ours().server(), hi());
  const auto r = get(server, {});
  EXPECT(!r && r.error().code == Errc::tls);
  EXPECT(has(r.error(), "unable to get local issuer certificate"));
  EXPECT(has(r.error(), "CN = Our CA") && has(r.error(), "CN = localhost"));
  EXPECT(has(r.error(), "localhost:" + std::to_string(server.port())) && has(r.error(), "127.0.0.1"));
  EXPECT(server.requests().empty());
  return {};
}

std::string trust__other_ca__is_refused() {
  const PemFile file(ours().pem());
  HttpsServer server(other().server(), hi());
  EXPECT(get(server, {.trust_file = file.path()}).error().code == Errc::tls);
  return {};
}

std::string trust__ca_of_the_same_name_with_another_key__is_refused() {
  const PemFile file(ours().pem());
  HttpsServer server(namesake().server(), hi());
  EXPECT(get(server, {.trust_file = file.path()}).error().code == Errc::tls);
  EXPECT(server.requests().empty());
  return {};
}

std::string trust__wrong_host__is_refused_and_says_for_whom_it_is() {
  const PemFile file(ours().pem());
  HttpsServer server(ours().server({.name = "other.example", .san = "DNS:other.example,IP:192.0.2.1"}), hi());
  for (const auto *host : {"localhost", "127.0.0.1"}) {
    const auto r = get(server, {.trust_file = file.path(), .host = host});
    EXPECT(!r && r.error().code == Errc::tls);
    EXPECT(has(r.error(), "other.example, 192.0.2.1"));
  }
  EXPECT(server.requests().empty());
  return {};
}

std::string trust__common_name_only__does_not_make_the_host() {
  const PemFile file(ours().pem());
  HttpsServer server(ours().server({.name = "localhost", .san = "DNS:other.example"}), hi());
  EXPECT(get(server, {.trust_file = file.path()}).error().code == Errc::tls);
  return {};
}

std::string trust__address_only_as_the_common_name__is_refused() {
  const PemFile file(ours().pem());
  HttpsServer server(ours().server({.name = "127.0.0.1", .san = ""}), hi());
  const auto r = get(server, {.trust_file = file.path(), .host = "127.0.0.1"});
  EXPECT(!r && r.error().code == Errc::tls && has(r.error(), "hostname mismatch"));
  EXPECT(server.requests().empty());
  HttpsServer named(ours().server({.name = "localhost", .san = ""}), hi());
  EXPECT(get(named, {.trust_file = file.path()}));  // a name may still be there
  return {};
}

std::string trust__what_became_of_it__is_in_the_answer() {
  const PemFile file(ours().pem());
  HttpsServer server(ours().server(), hi());
  EXPECT(get(server, {.trust_file = file.path()})->trust == net::TlsTrust::verified);
  EXPECT(get(server, {.insecure = true})->trust == net::TlsTrust::unverified);
  return {};
}

std::string trust__expired_or_not_yet_valid__is_refused_with_the_reason() {
  const PemFile file(ours().pem());
  HttpsServer expired(ours().server({.from_s = -7000, .to_s = -60}), hi());
  auto r = get(expired, {.trust_file = file.path()});
  EXPECT(!r && r.error().code == Errc::tls && has(r.error(), "certificate has expired"));
  HttpsServer future(ours().server({.from_s = 600, .to_s = 7000}), hi());
  r = get(future, {.trust_file = file.path()});
  EXPECT(!r && r.error().code == Errc::tls && has(r.error(), "certificate is not yet valid"));
  return {};
}

std::string trust__tls_1_1__is_refused() {
  HttpsServer old(ours().server({}, TLS1_1_VERSION), hi());
  EXPECT(get(old, {.insecure = true}).error().code == Errc::tls);
  HttpsServer two(ours().server({}, TLS1_2_VERSION), hi());
  EXPECT(get(two, {.insecure = true}));
  return {};
}

std::string trust__insecure__accepts_them_all() {
  for (auto *ctx : {ours().server().release(), ours().server({.san = "DNS:other.example"}).release(),
                    ours().server({.from_s = -7000, .to_s = -60}).release()}) {
    HttpsServer server(ServerContext(ctx), hi());
    EXPECT(get(server, {.insecure = true}));
  }
  return {};
}

std::string trust__ssl_cert_file__is_the_systems_store_and_the_trust_file_comes_on_top() {
  const PemFile system(ours().pem());
  const PemFile extra(other().pem());
  HttpsServer a(ours().server(), hi());
  HttpsServer b(other().server(), hi());
  ::setenv("SSL_CERT_FILE", system.path().c_str(), 1);
  const bool system_alone = get(a, {}).has_value();
  const bool stranger = get(b, {}).has_value();
  const bool with_file = get(a, {.trust_file = extra.path()}).has_value();
  const bool from_file = get(b, {.trust_file = extra.path()}).has_value();
  ::unsetenv("SSL_CERT_FILE");
  EXPECT(system_alone && !stranger && with_file && from_file);
  EXPECT(!get(a, {}));  // gone with the variable: nothing is cached
  return {};
}

std::string trust__file_missing_or_no_pem__is_refused_by_name() {
  HttpsServer server(ours().server(), hi());
  const PemFile empty("this is no certificate\n");
  for (const auto &path : {std::string("/nonexistent/trusted.pem"), empty.path()}) {
    const auto r = get(server, {.trust_file = path});
    EXPECT(!r && r.error().code == Errc::tls && has(r.error(), path));
  }
  return {};
}

std::string trust__connection_of_another_client__is_not_taken_over() {
  const PemFile file(ours().pem());
  HttpsServer server(ours().server(), hi());
  OnLoop loop;
  net::CurlMulti multi(loop.uv());
  std::optional<bool> good;
  const auto done = [&](const Result<HttpsResponse> &r) { good = r.has_value(); };
  HttpClient lax(multi, {.proxy = {}, .trust_file = "", .insecure = true});
  HttpClient knowing(multi, {.proxy = {}, .trust_file = file.path(), .insecure = false});
  HttpClient strict(multi, {});
  for (auto *c : {&lax, &knowing, &strict}) {
    good.reset();
    c->start({.url = server.url("/")}, done);
    EXPECT(loop.until([&] { return good.has_value(); }));
    EXPECT_EQ(*good, c != &strict);
  }
  EXPECT_EQ(server.handshakes(), 2);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(trust__ca_in_the_file__is_trusted_for_name_and_both_addresses),
    ACLK_TEST(trust__ca_second_in_the_file__is_trusted),
    ACLK_TEST(trust__no_file__private_ca_is_refused_with_reason_subject_and_issuer),
    ACLK_TEST(trust__other_ca__is_refused),
    ACLK_TEST(trust__ca_of_the_same_name_with_another_key__is_refused),
    ACLK_TEST(trust__wrong_host__is_refused_and_says_for_whom_it_is),
    ACLK_TEST(trust__common_name_only__does_not_make_the_host),
    ACLK_TEST(trust__address_only_as_the_common_name__is_refused),
    ACLK_TEST(trust__what_became_of_it__is_in_the_answer),
    ACLK_TEST(trust__expired_or_not_yet_valid__is_refused_with_the_reason),
    ACLK_TEST(trust__tls_1_1__is_refused),
    ACLK_TEST(trust__insecure__accepts_them_all),
    ACLK_TEST(trust__ssl_cert_file__is_the_systems_store_and_the_trust_file_comes_on_top),
    ACLK_TEST(trust__file_missing_or_no_pem__is_refused_by_name),
    ACLK_TEST(trust__connection_of_another_client__is_not_taken_over),
};

}  // namespace
}  // namespace test_https_trust

int https_trust_suite() {
  return cmocka_run_group_tests_name("https_trust", test_https_trust::tests, nullptr, nullptr);
}

}  // namespace aclk::test
