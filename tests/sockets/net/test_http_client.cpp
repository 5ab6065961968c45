// SPDX-License-Identifier: GPL-3.0-or-later
//
// Requests and answers over real TLS: what is on the wire, what is refused, what ends.
#include "aclk/net/http_client.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <optional>

#include "tests/sockets/login/suites.h"
#include "tests/sockets/net/https_server.h"
#include "tests/sockets/net/on_loop.h"
#include "tests/sockets/net/proxies.h"
#include "tests/unit/cmocka_main.h"

using namespace std::chrono_literals;

namespace aclk::test {
namespace test_http_client {
namespace {

using claim::ProxyKind;
using net::CurlMulti;
using net::HttpClient;
using net::HttpsRequest;
using net::HttpsResponse;
using net::Reach;

const Ca &ca() {
  static const Ca one("Test CA");
  return one;
}

// Trust is the subject of another file: here everybody is trusted.
Reach lenient(claim::Proxy proxy = {}) { return {.proxy = std::move(proxy), .trust_file = "", .insecure = true}; }

HttpsServer::Script always(Reply r) {
  return [r = std::move(r)](const std::string &) { return r; };
}
Reply raw(std::string bytes, Reply::Then then = Reply::Then::go_on) {
  Reply r;
  r.pieces.push_back(std::move(bytes));
  r.then = then;
  return r;
}

// A client on its loop.
struct Client {
  explicit Client(const Reach &reach = lenient()) : http(multi, reach) {}

  Result<HttpsResponse> run(HttpsRequest request) {
    std::optional<Result<HttpsResponse>> result;
    http.start(std::move(request), [&](Result<HttpsResponse> r) { result.emplace(std::move(r)); });
    if (result || !loop.until([&] { return result.has_value(); })) return no_answer();
    return std::move(*result);
  }
  Result<HttpsResponse> get(const std::string &url, std::chrono::milliseconds timeout = 5s) {
    HttpsRequest r;
    r.url = url;
    r.timeout = timeout;
    return run(std::move(r));
  }

  std::string body(const std::string &url) {
    auto r = get(url);
    return r ? r->body : r.error().what;
  }

  OnLoop loop;
  CurlMulti multi{loop.uv()};
  HttpClient http;
};

bool has(const Error &e, const std::string &what) { return e.what.find(what) != std::string::npos; }

// What an answer of these raw bytes ends as.
Errc ends_as(const std::string &bytes, Reply::Then then = Reply::Then::close) {
  HttpsServer server(ca().server(), always(raw(bytes, then)));
  const auto r = Client().get(server.url("/"), 2s);
  return r ? Errc::cancelled : r.error().code;
}

std::string http__get__sends_exactly_the_documented_head() {
  HttpsServer server(ca().server(), always(http_reply(200, "hello", "Date: now\r\nRetry-After: 7\r\n")));
  Client client;
  const auto r = client.get(server.url("/a/b?c=d,e&f"));
  EXPECT(r);
  EXPECT_EQ(server.request(0),
            "GET /a/b?c=d,e&f HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Netdata/rocks newhttpclient\r\n\r\n");
  EXPECT_EQ(r->status, 200);
  EXPECT_EQ(r->body, "hello");
  EXPECT_EQ(r->date + "|" + r->retry_after, "now|7");
  EXPECT_EQ(r->address, "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(server.sni(), "localhost");
  return {};
}

std::string http__post__sends_exactly_the_documented_head_and_body() {
  HttpsServer server(ca().server(), always(http_reply(201, "")));
  Client client;
  const auto r = client.run({.method = "POST", .url = server.url("/p"), .body = "{\"a\":1}"});
  EXPECT_EQ(r->status, 201);
  EXPECT_EQ(server.request(0),
            "POST /p HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Netdata/rocks newhttpclient\r\n"
            "Content-Length: 7\r\n\r\n{\"a\":1}");
  EXPECT(client.run({.method = "POST", .url = server.url("/p")}));
  EXPECT_EQ(server.request(1),
            "POST /p HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Netdata/rocks newhttpclient\r\n"
            "Content-Length: 0\r\n\r\n");
  return {};
}

std::string http__big_post__does_not_ask_for_100_continue() {
  HttpsServer server(ca().server(), always(http_reply(201, "")));
  Client client;
  EXPECT(client.run({.method = "POST", .url = server.url("/p"), .body = std::string(3'000'000, 'x')}));
  EXPECT(server.request(0).find("Expect") == std::string::npos);
  EXPECT(server.request(0).ends_with("xxx"));
  return {};
}

std::string http__own_headers__are_sent_and_replace_libcurls() {
  HttpsServer server(ca().server(), always(http_reply(204, "")));
  Client client;
  EXPECT(client.run({.method = "PUT",
                     .url = server.url("/p"),
                     .headers = {{"Content-Type", "application/json"}, {"accept", "x/y"}},
                     .body = "{}"}));
  EXPECT_EQ(server.request(0),
            "PUT /p HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Netdata/rocks newhttpclient\r\n"
            "Content-Type: application/json\r\naccept: x/y\r\nContent-Length: 2\r\n\r\n{}");
  return {};
}

std::string http__odd_paths__are_sent_as_they_are() {
  HttpsServer server(ca().server(), always(http_reply(200, "")));
  Client client;
  EXPECT(client.get(server.url("/a/../b/./c//d")));
  EXPECT(server.request(0).starts_with("GET /a/../b/./c//d HTTP/1.1\r\n"));
  return {};
}

std::string http__ipv6_literal__host_header_has_brackets_and_no_port() {
  HttpsServer server(ca().server(), always(http_reply(200, "six")), AF_INET6);
  const auto r = Client().get(server.url("/", "[::1]"));
  EXPECT(r);
  EXPECT_EQ(r->address, "[::1]:" + std::to_string(server.port()));
  EXPECT(server.request(0).find("\r\nHost: [::1]\r\n") != std::string::npos);
  return {};
}

std::string http__three_requests__use_one_tls_connection() {
  HttpsServer server(ca().server(), always(http_reply(200, "x")));
  Client client;
  for (int i = 0; i < 3; ++i) EXPECT(client.get(server.url("/")));
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.handshakes(), 1);
  client.http.close_idle();
  EXPECT(client.loop.until_elsewhere([&] { return server.open() == 0; }));
  return {};
}

std::string http__server_closed_the_kept_connection__next_request_opens_another() {
  HttpsServer server(ca().server(), always([] {
                       auto r = http_reply(200, "x");
                       r.then = Reply::Then::close;
                       return r;
                     }()));
  Client client;
  for (int i = 0; i < 3; ++i) EXPECT(client.get(server.url("/")));
  EXPECT_EQ(server.connections(), 3);
  return {};
}

// libcurl 8 would repeat the request on another connection, and says that it cannot instead of what was wrong.
std::string http__post_on_a_kept_connection_that_is_reset__is_sent_once_and_says_so() {
  HttpsServer server(ca().server(), [](const std::string &request) {
    return request.starts_with("POST") ? raw("", Reply::Then::reset) : http_reply(200, "x");
  });
  Client client;
  EXPECT(client.get(server.url("/")));
  HttpsRequest post;
  post.method = "POST";
  post.url = server.url("/");
  post.body = "once";
  const auto r = client.run(post);
  EXPECT(!r && r.error().code == Errc::io);
  EXPECT(has(r.error(), "reset"));
  EXPECT_EQ(server.requests().size(), 2U);
  return {};
}

std::string http__client_destroyed__closes_its_connection() {
  HttpsServer server(ca().server(), always(http_reply(200, "x")));
  OnLoop loop;
  CurlMulti multi(loop.uv());
  bool done = false;
  {
    HttpClient http(multi, lenient());
    http.start({.url = server.url("/")}, [&](const Result<HttpsResponse> &) { done = true; });
    EXPECT(loop.until([&] { return done; }));
    EXPECT_EQ(server.open(), 1);
  }
  EXPECT(loop.until_elsewhere([&] { return server.open() == 0; }));
  return {};
}

std::string http__chunked__is_put_together() {
  Reply r;
  r.pieces = {"HTTP/1.1 200 OK\r\nTransfer-", "Encoding: chunked\r\n\r\n5\r\nhel", "lo\r\n6;x=y\r\n worl", "d\r\n0\r\n",
              "\r\n"};
  r.between = 2ms;
  HttpsServer server(ca().server(), always(r));
  Client client;
  EXPECT_EQ(client.body(server.url("/")), "hello world");
  EXPECT_EQ(client.body(server.url("/")), "hello world");
  EXPECT_EQ(server.connections(), 1);
  return {};
}

std::string http__header_without_space_or_value__is_understood() {
  HttpsServer server(ca().server(), always(raw("HTTP/1.1 200 OK\r\nX:\r\nDate:d\r\ncontent-length:2\r\n\r\nhi")));
  const auto r = Client().get(server.url("/"));
  EXPECT_EQ(r->body + r->date, "hid");
  return {};
}

std::string http__body_until_close__is_taken() {
  HttpsServer server(ca().server(), always(raw("HTTP/1.1 200 OK\r\n\r\nall of it", Reply::Then::close)));
  EXPECT_EQ(Client().body(server.url("/")), "all of it");
  return {};
}

std::string http__informational_answer_first__the_real_one_counts() {
  HttpsServer server(ca().server(), always(raw("HTTP/1.1 102 Processing\r\nRetry-After: 1\r\n\r\n"
                                               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")));
  const auto r = Client().get(server.url("/"));
  EXPECT_EQ(r->status, 200);
  EXPECT_EQ(r->body + r->retry_after, "hi");
  return {};
}

std::string http__redirect__is_not_followed() {
  HttpsServer server(ca().server(), always(http_reply(302, "", "Location: /elsewhere\r\n")));
  const auto r = Client().get(server.url("/"));
  EXPECT_EQ(r->status, 302);
  EXPECT_EQ(server.requests().size(), 1U);
  return {};
}

std::string http__error_status__is_an_answer_with_its_body() {
  HttpsServer server(ca().server(), always(http_reply(503, "why", "Retry-After: 30\r\n")));
  const auto r = Client().get(server.url("/"));
  EXPECT_EQ(std::to_string(r->status) + r->body + r->retry_after, "503why30");
  return {};
}

std::string http__answer_of_a_mebibyte__is_taken() {
  const std::string big(1U << 20, 'x');
  HttpsServer server(ca().server(), always(http_reply(200, big)));
  EXPECT(Client().body(server.url("/")) == big);
  return {};
}

std::string http__body_over_the_cap__is_too_big_by_length_or_by_count() {
  const auto size = std::to_string(1U << 30);
  const std::string kib(1025, 'x');
  for (const auto &bytes : {"HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\nx", "HTTP/1.1 200 OK\r\n\r\n" + kib,
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n" + kib + "\r\n0\r\n\r\n"}) {
    HttpsServer server(ca().server(), always(raw(bytes, Reply::Then::hang)));
    const auto r = Client().run({.url = server.url("/"), .max_body = 1024});
    EXPECT(!r && r.error().code == Errc::too_big);
    EXPECT(has(r.error(), "localhost:" + std::to_string(server.port())) && has(r.error(), "1024"));
  }
  return {};
}

std::string http__body_of_exactly_the_cap__is_taken() {
  HttpsServer server(ca().server(), always(http_reply(200, std::string(1024, 'x'))));
  EXPECT_EQ(Client().run({.url = server.url("/"), .max_body = 1024})->body.size(), 1024U);
  return {};
}

std::string http__endless_head__is_too_big() {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 3000; ++i) head += "X-" + std::to_string(i) + ": 0123456789012345678901234567890123456789\r\n";
  EXPECT(ends_as(head, Reply::Then::hang) == Errc::too_big);
  return {};
}

std::string http__not_http__is_parse() {
  EXPECT(ends_as("hello, this is not HTTP at all\r\n\r\n") == Errc::parse);
  EXPECT(ends_as("SSH-2.0-x\r\n") == Errc::parse);
  return {};
}

std::string http__contradictory_lengths__is_parse() {
  EXPECT(ends_as("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == Errc::parse);
  EXPECT(ends_as("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n") == Errc::parse);
  EXPECT(ends_as("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi") == Errc::parse);
  EXPECT(ends_as("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi") == Errc::parse);
  return {};
}

std::string http__connection_cut_midway__is_io() {
  EXPECT(ends_as("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhi") == Errc::io);
  EXPECT(ends_as("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe") == Errc::io);
  EXPECT(ends_as("") == Errc::io);
  return {};
}

std::string http__silent_server__is_timeout() {
  Reply r;
  r.then = Reply::Then::hang;
  HttpsServer server(ca().server(), always(r));
  const auto a = Client().get(server.url("/"), 150ms);
  EXPECT(!a && a.error().code == Errc::timeout);
  EXPECT(has(a.error(), "0.15 s") && has(a.error(), "127.0.0.1"));
  return {};
}

std::string http__slow_loris__is_bounded_by_the_timeout() {
  Reply r;
  for (const char c : std::string("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n") + std::string(500, 'x'))
    r.pieces.emplace_back(1, c);
  r.between = 5ms;
  HttpsServer server(ca().server(), always(r));
  const auto begin = std::chrono::steady_clock::now();
  const auto a = Client().get(server.url("/"), 300ms);
  EXPECT(!a && a.error().code == Errc::timeout);
  EXPECT(std::chrono::steady_clock::now() - begin < 2s);
  return {};
}

std::string http__tcp_accepted_but_no_tls__is_timeout_of_the_connection() {
  Server server([](Peer &p) { p.until_closed(); });
  const auto url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  const auto a = Client().run({.url = url, .connect_timeout = 150ms, .timeout = 5s});
  EXPECT(!a && a.error().code == Errc::timeout && has(a.error(), "TLS"));
  return {};
}

std::string http__syn_swallowed__is_timeout_of_the_connection() {
  SilentPort silent;
  const auto url = "https://127.0.0.1:" + std::to_string(silent.port()) + "/";
  const auto a = Client().run({.url = url, .connect_timeout = 150ms, .timeout = 5s});
  EXPECT(!a && a.error().code == Errc::timeout && has(a.error(), "no connection"));
  return {};
}

std::string http__nobody_there__is_tcp_or_dns() {
  auto a = Client().get("https://127.0.0.1:" + std::to_string(closed_port()) + "/");
  EXPECT(!a && a.error().code == Errc::tcp && has(a.error(), "Connection refused"));
  a = Client().get("https://no-such-host.invalid/");
  EXPECT(!a && a.error().code == Errc::dns && has(a.error(), "no-such-host.invalid:443"));
  return {};
}

std::string http__plain_text_server__is_tls() {
  Server server([](Peer &p) { (void)p.write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  const auto a = Client().get("https://127.0.0.1:" + std::to_string(server.port()) + "/");
  EXPECT(!a && a.error().code == Errc::tls);
  return {};
}

std::string http__url_not_https_or_malformed__is_invalid_argument() {
  for (const auto *url : {"http://localhost/", "", "https://", "ftp://x/", "https://a b/", "https://h\\x/"}) {
    const auto a = Client().get(url);
    EXPECT(!a && a.error().code == Errc::invalid_argument);
  }
  return {};
}

std::string http__through_http_proxy__tunnel_has_none_of_our_headers() {
  HttpsServer server(ca().server(), always(http_reply(200, "x")));
  HttpProxy proxy({.split_at = 10});
  Client client(lenient(proxy.as_proxy()));
  EXPECT(client.run({.url = server.url("/", "cloud.test"), .headers = {{"X-Secret", "s"}}}));
  EXPECT_EQ(client.body(server.url("/", "cloud.test")), "x");
  EXPECT_EQ(proxy.connections(), 1);
  EXPECT_EQ(server.handshakes(), 1);
  EXPECT(proxy.head(0).find("X-Secret") == std::string::npos);
  EXPECT(proxy.head(0).starts_with("CONNECT cloud.test:" + std::to_string(server.port()) + " HTTP/1.1\r\n"));
  EXPECT_EQ(server.sni(), "cloud.test");
  EXPECT(server.request(1).starts_with("GET / HTTP/1.1\r\nHost: cloud.test\r\n"));
  return {};
}

std::string http__through_socks5h_proxy__works() {
  HttpsServer server(ca().server(), always(http_reply(200, "x")));
  SocksProxy proxy;
  EXPECT(Client(lenient(proxy.as_proxy(ProxyKind::socks5h))).get(server.url("/", "cloud.test")));
  EXPECT_EQ(proxy.asked(0), "name:cloud.test");
  return {};
}

std::string http__proxy_refuses__is_proxy_with_its_status_and_no_secret() {
  HttpProxy proxy({.answer = "HTTP/1.1 407 No\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"});
  auto p = proxy.as_proxy();
  p.user = "joe";
  p.password = "hunter2";
  const auto a = Client(lenient(p)).get("https://cloud.test/");
  EXPECT(!a && a.error().code == Errc::proxy && has(a.error(), "407") && !has(a.error(), "hunter2"));
  return {};
}

std::string http__proxy_silent__is_timeout_that_names_it() {
  HttpProxy proxy({.silent = true});
  const auto a = Client(lenient(proxy.as_proxy())).get("https://cloud.test/", 150ms);
  EXPECT(!a && a.error().code == Errc::timeout && has(a.error(), "proxy"));
  return {};
}

std::string http__cancelled__does_not_call_and_ends_on_the_wire() {
  Reply hang;
  hang.then = Reply::Then::hang;
  HttpsServer server(ca().server(), always(hang));
  Client client;
  const auto id = client.http.start({.url = server.url("/")}, [](const Result<HttpsResponse> &) { std::abort(); });
  EXPECT(client.loop.until_elsewhere([&] { return server.requests().size() == 1; }));
  client.http.cancel(id);
  client.http.cancel(id);
  EXPECT(client.loop.until_elsewhere([&] { return server.open() == 0; }));
  return {};
}

std::string http__destroyed_at_any_moment__does_not_call() {
  Reply hang;
  hang.then = Reply::Then::hang;
  HttpsServer server(ca().server(), always(hang));
  OnLoop loop;
  CurlMulti multi(loop.uv());
  for (int turns = 0; turns < 25; ++turns) {
    HttpClient http(multi, lenient());
    http.start({.url = server.url("/")}, [](const Result<HttpsResponse> &) { std::abort(); });
    for (int i = 0; i < turns; ++i) uv_run(&loop.uv(), i % 2 == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    if (!server.requests().empty()) break;  // as far as it goes
  }
  return {};
}

std::string http__destroyed_from_inside_done__is_fine() {
  HttpsServer server(ca().server(), always(http_reply(200, "x")));
  OnLoop loop;
  CurlMulti multi(loop.uv());
  auto http = std::make_unique<HttpClient>(multi, lenient());
  bool done = false;
  http->start({.url = server.url("/a")}, [&](const Result<HttpsResponse> &) {
    http.reset();
    done = true;
  });
  EXPECT(loop.until([&] { return done; }));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(http__get__sends_exactly_the_documented_head),
    ACLK_TEST(http__post__sends_exactly_the_documented_head_and_body),
    ACLK_TEST(http__big_post__does_not_ask_for_100_continue),
    ACLK_TEST(http__own_headers__are_sent_and_replace_libcurls),
    ACLK_TEST(http__odd_paths__are_sent_as_they_are),
    ACLK_TEST(http__ipv6_literal__host_header_has_brackets_and_no_port),
    ACLK_TEST(http__three_requests__use_one_tls_connection),
    ACLK_TEST(http__server_closed_the_kept_connection__next_request_opens_another),
    ACLK_TEST(http__post_on_a_kept_connection_that_is_reset__is_sent_once_and_says_so),
    ACLK_TEST(http__client_destroyed__closes_its_connection),
    ACLK_TEST(http__chunked__is_put_together),
    ACLK_TEST(http__header_without_space_or_value__is_understood),
    ACLK_TEST(http__body_until_close__is_taken),
    ACLK_TEST(http__informational_answer_first__the_real_one_counts),
    ACLK_TEST(http__redirect__is_not_followed),
    ACLK_TEST(http__error_status__is_an_answer_with_its_body),
    ACLK_TEST(http__answer_of_a_mebibyte__is_taken),
    ACLK_TEST(http__body_over_the_cap__is_too_big_by_length_or_by_count),
    ACLK_TEST(http__body_of_exactly_the_cap__is_taken),
    ACLK_TEST(http__endless_head__is_too_big),
    ACLK_TEST(http__not_http__is_parse),
    ACLK_TEST(http__contradictory_lengths__is_parse),
    ACLK_TEST(http__connection_cut_midway__is_io),
    ACLK_TEST(http__silent_server__is_timeout),
    ACLK_TEST(http__slow_loris__is_bounded_by_the_timeout),
    ACLK_TEST(http__tcp_accepted_but_no_tls__is_timeout_of_the_connection),
    ACLK_TEST(http__syn_swallowed__is_timeout_of_the_connection),
    ACLK_TEST(http__nobody_there__is_tcp_or_dns),
    ACLK_TEST(http__plain_text_server__is_tls),
    ACLK_TEST(http__url_not_https_or_malformed__is_invalid_argument),
    ACLK_TEST(http__through_http_proxy__tunnel_has_none_of_our_headers),
    ACLK_TEST(http__through_socks5h_proxy__works),
    ACLK_TEST(http__proxy_refuses__is_proxy_with_its_status_and_no_secret),
    ACLK_TEST(http__proxy_silent__is_timeout_that_names_it),
    ACLK_TEST(http__cancelled__does_not_call_and_ends_on_the_wire),
    ACLK_TEST(http__destroyed_at_any_moment__does_not_call),
    ACLK_TEST(http__destroyed_from_inside_done__is_fine),
};

}  // namespace
}  // namespace test_http_client

int http_client_suite() {
  return cmocka_run_group_tests_name("http_client", test_http_client::tests, nullptr, nullptr);
}

}  // namespace aclk::test
