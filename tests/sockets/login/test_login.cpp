// SPDX-License-Identifier: GPL-3.0-or-later
//
// The whole conversation against a scripted cloud: what is said, in which order, and how each step can end.
#include "aclk/login/login.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>

#include "aclk/login/challenge.h"
#include "tests/sockets/login/login_fixture.h"
#include "tests/sockets/login/suites.h"
#include "tests/sockets/net/proxies.h"
#include "tests/unit/cmocka_main.h"

using namespace std::chrono_literals;

namespace aclk::test {
namespace test_login {
namespace {

using login::Status;
using nlohmann::json;

const std::string kCannotOtp = "ACLK: error passing Challenge/Response to get OTP";

std::string login__good_cloud__three_requests_byte_for_byte_on_one_tls_connection() {
  Cloud cloud;
  Attempt a(cloud.url());
  EXPECT(a.run());
  EXPECT(a.result->has_value());
  const auto head = std::string(" HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Netdata/rocks newhttpclient\r\n");
  const auto body = R"({"agent_version":"v2.10.4", "response":")" + login::base64_encode(plain_challenge()) + "\"}";
  const auto node = std::string("/auth/node/") + kClaim;
  EXPECT_EQ(cloud.server().requests().size(), 3U);
  EXPECT_EQ(cloud.server().request(0),
            "GET /api/v1/env?v=2.10.4&cap=proto,ctx&claim_id=" + std::string(kClaim) + head + "\r\n");
  EXPECT_EQ(cloud.server().request(1), "GET " + node + "/challenge" + head + "\r\n");
  EXPECT_EQ(cloud.server().request(2),
            "POST " + node + "/password" + head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(cloud.server().connections(), 1);
  EXPECT_EQ(cloud.server().handshakes(), 1);
  return {};
}

std::string login__good_cloud__credentials_are_all_that_is_needed() {
  Cloud cloud;
  Attempt a(cloud.url());
  EXPECT(a.run() && a.result->has_value());
  const auto &c = **a.result;
  EXPECT_EQ(c.endpoint.str(), "wss://mqtt.example/mqtt");
  EXPECT_EQ(c.endpoint.port, 443);
  EXPECT_EQ(c.client_id + " " + c.username + " " + c.password, std::string(kClaim) + " user hunter2");
  EXPECT_EQ(c.topics[proto::Topic::agent_connection], std::string("/agent/") + kClaim + "/agent-connection");
  return {};
}

std::string login__good_cloud__tells_stages_limits_and_the_documented_lines() {
  Cloud cloud;
  Attempt a(cloud.url());
  EXPECT(a.run());
  EXPECT_EQ(a.stages, "env challenge password ");
  EXPECT_EQ(a.limits.size(), 1U);
  EXPECT_EQ(a.limits[0].base * 10000 + a.limits[0].min_s * 1000 + a.limits[0].max_s, 31200U);
  const auto connecting = "ACLK: connecting to localhost:" + std::to_string(cloud.server().port()) + " (no proxy)";
  const auto finished = [](const char *method, int code) {
    return std::string("ACLK: HTTPS \"") + method +
           "\" request to \"localhost\" finished with HTTP code: " + std::to_string(code);
  };
  EXPECT(a.notes == (std::vector<std::string>{connecting, finished("GET", 200), connecting, finished("GET", 200),
                                              connecting, finished("POST", 201)}));
  EXPECT(a.errors.empty());
  EXPECT(a.debug ==
         std::vector<std::string>{"ACLK: new ACLK protobuf protocol negotiated successfully (/env response)."});
  return {};
}

std::string login__done__connection_is_closed() {
  Cloud cloud;
  Attempt a(cloud.url());
  EXPECT(a.run());
  EXPECT(a.loop.until_elsewhere([&] { return cloud.server().open() == 0; }));
  return {};
}

std::string login__auth_endpoint_on_another_host__goes_there() {
  Cloud cloud;
  Cloud other(AF_INET6);
  cloud.auth = other.server().url("/o", "[::1]");
  Attempt a(cloud.url());
  EXPECT(a.run() && a.result->has_value());
  EXPECT_EQ(cloud.server().requests().size(), 1U);
  EXPECT_EQ(other.server().requests().size(), 2U);
  EXPECT(other.server().request(0).starts_with(std::string("GET /o/node/") + kClaim + "/challenge HTTP/1.1\r\n" +
                                               "Host: [::1]\r\n"));
  EXPECT_EQ(a.notes.at(2), "ACLK: connecting to [::1]:" + std::to_string(other.server().port()) + " (no proxy)");
  return {};
}

// How often a request with `mark` came.
std::size_t times(const Cloud &cloud, const std::string &mark) {
  const auto all = cloud.server().requests();
  return static_cast<std::size_t>(
      std::ranges::count_if(all, [&](const std::string &r) { return r.find(mark) != std::string::npos; }));
}

Url auth_of(const Cloud &cloud) { return *parse_url(cloud.server().url("/auth")); }

std::string login__challenge_asked_for_beside_env__is_the_one_that_counts() {
  Cloud cloud;
  Attempt a(cloud.url(), {}, auth_of(cloud));
  EXPECT(a.run() && a.result->has_value());
  EXPECT(times(cloud, "/env?") == 1U && times(cloud, "/challenge ") == 1U && times(cloud, "/password ") == 1U);
  EXPECT_EQ(cloud.server().connections(), 2);
  EXPECT_EQ(a.stages, "env challenge password ");
  EXPECT_EQ(a.notes.size(), 6U);  // as always
  EXPECT(a.loop.until_elsewhere([&] { return cloud.server().open() == 0; }));
  return {};
}

std::string login__env_names_another_login__challenge_is_asked_for_there() {
  Cloud cloud;
  Cloud other(AF_INET6);
  cloud.auth = other.server().url("/o", "[::1]");
  Attempt a(cloud.url(), {}, auth_of(cloud));
  EXPECT(a.run() && a.result->has_value());
  EXPECT(times(other, "/challenge ") == 1U && times(other, "/password ") == 1U);
  EXPECT_EQ(times(cloud, "/password "), 0U);
  EXPECT_EQ(a.stages, "env challenge password ");
  return {};
}

std::string login__env_refused__challenge_beside_it_does_not_matter() {
  for (const bool challenge_too : {false, true}) {
    Cloud cloud;
    cloud.env = http_reply(503, "");
    if (challenge_too) cloud.challenge = http_reply(403, "");
    Attempt a(cloud.url(), {}, auth_of(cloud));
    EXPECT(a.run() && a.failed_with(Status::env_not_200));
    EXPECT_EQ(times(cloud, "/password "), 0U);
    EXPECT_EQ(a.stages, "env ");
  }
  return {};
}

std::string login__challenge_beside_env_refused__is_refused_with_its_orders() {
  Cloud cloud;
  cloud.challenge = http_reply(403, R"({"errorNonRetryable":true,"errorRetryDelaySeconds":7})");
  Attempt a(cloud.url(), {}, auth_of(cloud));
  EXPECT(a.run() && a.failed_with(Status::otp_challenge_not_200));
  EXPECT(a.failure().non_retryable && a.failure().retry_after_s == 7U);
  EXPECT_EQ(times(cloud, "/challenge "), 1U);
  return {};
}

std::string login__challenge_beside_env_breaks__is_asked_for_again() {
  Cloud cloud;
  cloud.challenge = Reply{.pieces = {}, .then = Reply::Then::close};
  Attempt a(cloud.url(), {}, auth_of(cloud));
  EXPECT(a.run() && !a.result->has_value());
  EXPECT(times(cloud, "/challenge ") > 1U);
  EXPECT_EQ(times(cloud, "/password "), 0U);
  return {};
}

std::string login__given_up_with_a_challenge_beside_env__ends_without_a_word() {
  Cloud cloud;
  cloud.env = cloud.challenge = Reply{.pieces = {}, .then = Reply::Then::hang};
  Attempt a(cloud.url(), {}, auth_of(cloud));
  a.login->start(a.events());
  EXPECT(a.loop.until_elsewhere([&] { return cloud.server().requests().size() == 2; }));
  a.login.reset();
  EXPECT(a.loop.until_elsewhere([&] { return cloud.server().open() == 0; }));
  EXPECT(!a.result);
  return {};
}

std::string login__through_a_proxy__says_so_without_secrets() {
  Cloud cloud;
  HttpProxy proxy;
  auto p = proxy.as_proxy();
  for (const bool credentials : {false, true}) {
    p.user = credentials ? "joe" : "";
    p.password = credentials ? "hunter3" : "";
    Attempt a(cloud.url(), p);
    EXPECT(a.run() && a.result->has_value());
    EXPECT_EQ(a.notes.at(0), "ACLK: connecting to localhost:" + std::to_string(cloud.server().port()) +
                                 " via proxy http://127.0.0.1:" + std::to_string(p.port) +
                                 (credentials ? " (with credentials)" : " (without credentials)"));
  }
  EXPECT_EQ(proxy.connections(), 2);
  return {};
}

std::string login__env_of_more_than_a_mebibyte__is_taken() {
  Cloud cloud;
  auto env = cloud.good_env();
  for (int i = 0; i < 11; ++i) env["unknown" + std::to_string(i)] = std::string(100'000, 'x');
  cloud.env = http_reply(200, env.dump());
  Attempt a(cloud.url());
  EXPECT(a.run() && a.result->has_value());
  EXPECT(a.logged(R"(ACLK: unknown JSON key in dictionary ("unknown0"))"));
  EXPECT(a.errors.size() <= 8);
  return {};
}

std::string login__answer_over_its_bound__is_a_parse_error() {
  Cloud cloud;
  cloud.env = http_reply(200, std::string(3U << 20, ' '));
  Attempt a(cloud.url());
  EXPECT(a.run() && a.failed_with(Status::https_parse_error));
  EXPECT(a.failure().error.code == Errc::too_big);
  return {};
}

std::string login__nobody_there__is_connection_refused() {
  Url url = *parse_url("https://127.0.0.1");
  url.port = closed_port();
  Attempt a(url);
  EXPECT(a.run() && a.failed_with(Status::connection_refused));
  EXPECT_EQ(a.failure().http_status, 0);
  EXPECT(a.limits.empty());
  EXPECT(a.logged("ACLK: failed to get ACLK environment (cannot contact ENV endpoint)"));
  return {};
}

std::string login__env_not_200__follows_the_orders_in_its_body() {
  Cloud cloud;
  cloud.env = http_reply(500, R"({"errorCode":"E1","errorMsgKey":"ErrX","errorMessage":"not today",
                                  "errorNonRetryable":true,"errorRetryDelaySeconds":3})",
                         "Retry-After: 77\r\n");
  Attempt a(cloud.url());
  EXPECT(a.run() && a.failed_with(Status::env_not_200));
  EXPECT_EQ(a.failure().http_status, 500);
  EXPECT(a.failure().non_retryable);
  EXPECT_EQ(a.failure().retry_after_s.value_or(0), 3U);
  EXPECT(a.failure().error.code == Errc::http_status);
  EXPECT(a.failure().error.what.find("500") != std::string::npos);
  EXPECT(a.failure().error.what.find("not today") != std::string::npos);
  EXPECT(a.errors ==
         (std::vector<std::string>{R"(ACLK: Cloud returned EC="E1", Msg-Key:"ErrX", Msg:"not today", BlockRetry:true, )"
                                   "Backoff:3s (-1 unset by cloud)",
                                   "ACLK: failed to get ACLK environment (ENV response code is not 200) (got 500)"}));
  return {};
}

std::string login__retry_after__counts_for_not_now_without_orders() {
  for (const auto &[status, want] : {std::pair{409, 77U}, {429, 77U}, {503, 77U}, {500, 0U}}) {
    Cloud cloud;
    cloud.env = http_reply(status, "busy", "Retry-After: 77\r\n");
    Attempt a(cloud.url());
    EXPECT(a.run() && a.failed_with(Status::env_not_200));
    EXPECT_EQ(a.failure().retry_after_s.value_or(0), want);
    EXPECT(!a.failure().non_retryable);
  }
  return {};
}

// Whom, which address, what came back, and what to do.
std::string login__refusals__tell_the_first_line_of_the_body_and_a_next_step() {
  struct Row {
    int status;
    const char *body;
    const char *part;
  };
  for (const auto &r : {Row{503, "\r\n  <html>Sorry</html>\r\nmore", ": \"<html>Sorry</html>\"; the cloud is busy"},
                        Row{404, "", "404; it does not know this node"}, Row{302, "", "302; redirects"},
                        Row{418, "tea\tpot", "\"tea?pot\"; is that the cloud?"}}) {
    Cloud cloud;
    cloud.env = http_reply(r.status, r.body);
    Attempt a(cloud.url());
    EXPECT(a.run() && a.failed_with(Status::env_not_200));
    const auto &what = a.failure().error.what;
    if (what.find(r.part) == std::string::npos) return what;
    EXPECT(what.find("localhost (127.0.0.1:" + std::to_string(cloud.server().port())) != std::string::npos);
  }
  // A "success" that is not the one wanted may hold the password: not quoted.
  Cloud cloud;
  cloud.password = http_reply(200, R"({"password":"hunter2"})");
  Attempt a(cloud.url());
  EXPECT(a.run() && a.failed_with(Status::otp_password_not_201));
  EXPECT(a.failure().error.what.find("hunter2") == std::string::npos);
  return {};
}

std::string login__date_of_an_answer__is_told() {
  Cloud cloud;
  cloud.env = http_reply(200, cloud.good_env().dump(), "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n");
  cloud.challenge = http_reply(500, "", "Date: rubbish\r\n");
  Attempt a(cloud.url());
  EXPECT(a.run());
  EXPECT(a.dates == std::vector<std::int64_t>{1'700'000'000});
  return {};
}

std::string login__a_portal_instead_of_the_cloud__can_be_told_by_its_words() {
  Cloud cloud;
  cloud.env = http_reply(200, "<html><title>Hotel login</title>");
  Attempt a(cloud.url());
  EXPECT(a.run() && a.failed_with(Status::env_not_json));
  EXPECT(a.failure().error.what.find("Hotel login") != std::string::npos);
  EXPECT(a.failure().error.what.starts_with("localhost (127.0.0.1:"));
  return {};
}

std::string login__env_empty_or_no_json__is_its_status_and_line() {
  Cloud empty;
  empty.env = http_reply(200, "");
  Attempt a(empty.url());
  EXPECT(a.run() && a.failed_with(Status::env_empty));
  EXPECT(a.logged("ACLK: failed to get ACLK environment (ENV response is empty)"));
  Cloud html;
  html.env = http_reply(200, "<html>");
  Attempt b(html.url());
  EXPECT(b.run() && b.failed_with(Status::env_not_json));
  EXPECT(b.logged("ACLK: failed to get ACLK environment (ENV response is not JSON)"));
  EXPECT_EQ(b.failure().http_status, 200);
  return {};
}

std::string login__env_unusable__gives_its_limits_and_spends_no_challenge() {
  struct Row {
    const char *pointer;
    json value;
    Status status;
    const char *line;
  };
  for (const auto &r : {Row{"/encoding", "json", Status::no_old_protocol,
                            "ACLK: this agent can only use the new cloud protocol but cloud requested old one."},
                        Row{"/capabilities", json::array(), Status::no_protocol_capability,
                            R"(ACLK: can't use encoding=proto without at least "proto" capability.)"},
                        Row{"/transports/0/type", "MQTTv3", Status::invalid_env_transport_idx,
                            "ACLK: cloud /env endpoint didn't return any transport usable by this agent."},
                        Row{"/authEndpoint", "https://h:0", Status::invalid_env_auth_url, nullptr},
                        Row{"/transports/0/endpoint", "wss://h:0", Status::invalid_env_transport_url, nullptr}}) {
    Cloud cloud;
    auto env = cloud.good_env();
    env[json::json_pointer(r.pointer)] = r.value;
    cloud.env = http_reply(200, env.dump());
    Attempt a(cloud.url());
    EXPECT(a.run() && a.failed_with(r.status));
    EXPECT_EQ(a.limits.size(), 1U);
    EXPECT_EQ(cloud.server().requests().size(), 1U);
    EXPECT(r.line == nullptr ? a.errors.empty() : a.logged(r.line));
  }
  return {};
}

std::string login__challenge_not_200__is_its_status_and_lines() {
  Cloud cloud;
  cloud.challenge = http_reply(404, R"({"errorRetryDelaySeconds":9})");
  Attempt a(cloud.url());
  EXPECT(a.run() && a.failed_with(Status::otp_challenge_not_200));
  EXPECT_EQ(a.failure().retry_after_s.value_or(0), 9U);
  EXPECT(a.logged("ACLK: OTP Challenge HTTP code not 200 OK (got 404)"));
  EXPECT(a.logged("ACLK: error getting challenge") && a.logged(kCannotOtp));
  EXPECT_EQ(a.limits.size(), 1U);
  return {};
}

std::string login__challenge_invalid__is_its_status() {
  Cloud cloud;
  cloud.challenge = http_reply(200, R"({"challenge":"AAAA"})");
  Attempt a(cloud.url());
  EXPECT(a.run() && a.failed_with(Status::otp_challenge_invalid));
  return {};
}

std::string login__challenge_for_another_key__is_decryption_failed() {
  Cloud cloud;
  cloud.challenge = http_reply(200, json{{"challenge", login::base64_encode(std::string(256, 'x'))}}.dump());
  Attempt a(cloud.url());
  EXPECT(a.run() && a.failed_with(Status::otp_challenge_decryption_failed));
  EXPECT(a.errors.at(0).starts_with("ACLK: Decryption of the challenge failed: "));
  EXPECT_EQ(cloud.server().requests().size(), 2U);
  return {};
}

std::string login__password_not_201__is_its_status_and_lines() {
  for (int status : {200, 403}) {
    Cloud cloud;
    cloud.password = http_reply(status, R"({"errorNonRetryable":true})");
    Attempt a(cloud.url());
    EXPECT(a.run() && a.failed_with(Status::otp_password_not_201));
    EXPECT(a.failure().non_retryable);
    EXPECT(a.logged("ACLK: OTP Password HTTP code not 201 Created (got " + std::to_string(status) + ")"));
    EXPECT(a.logged("ACLK: Error getting response") && a.logged(kCannotOtp));
  }
  return {};
}

std::string login__password_empty_or_broken__is_its_status() {
  Cloud empty;
  empty.password = http_reply(201, "");
  Attempt a(empty.url());
  EXPECT(a.run() && a.failed_with(Status::otp_password_empty));
  Cloud broken;
  broken.password = http_reply(201, R"({"password":"hunter2"})");
  Attempt b(broken.url());
  EXPECT(b.run() && b.failed_with(Status::otp_password_not_json));
  EXPECT(b.failure().error.what.find("hunter2") == std::string::npos);
  Cloud no_will;
  auto p = Cloud::good_password();
  p["topics"].erase(2);
  no_will.password = http_reply(201, p.dump());
  Attempt c(no_will.url());
  EXPECT(c.run() && c.failed_with(Status::no_lwt_topic));
  return {};
}

std::string login__connection_lost_midway__has_no_http_status_of_an_earlier_stage() {
  Cloud cloud;
  Reply cut;
  cut.pieces = {"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\nx"};
  cut.then = Reply::Then::close;
  cloud.password = cut;
  Attempt a(cloud.url());
  EXPECT(a.run() && a.failed_with(Status::https_read_error));
  EXPECT_EQ(a.failure().http_status, 0);
  return {};
}

std::string login__server_closes_after_each_answer__still_works() {
  Cloud cloud;
  cloud.env = http_reply(200, cloud.good_env().dump(), "Connection: close\r\n");
  cloud.env->then = Reply::Then::close;
  Attempt a(cloud.url());
  EXPECT(a.run() && a.result->has_value());
  EXPECT_EQ(cloud.server().connections(), 2);
  return {};
}

std::string login__destroyed_in_flight__says_nothing_and_ends_on_the_wire() {
  for (int stage = 0; stage < 3; ++stage) {
    Cloud cloud;
    Reply hang;
    hang.then = Reply::Then::hang;
    (stage == 0 ? cloud.env : stage == 1 ? cloud.challenge : cloud.password) = hang;
    Attempt a(cloud.url());
    auto e = a.events();
    e.done = [](const auto &) { std::abort(); };
    a.login->start(std::move(e));
    EXPECT(a.loop.until_elsewhere(
        [&] { return cloud.server().requests().size() == static_cast<std::size_t>(stage) + 1; }));
    a.login.reset();
    EXPECT(a.loop.until_elsewhere([&] { return cloud.server().open() == 0; }));
  }
  return {};
}

std::string login__destroyed_from_inside_any_event__is_fine() {
  for (int when = 0; when < 14; ++when) {
    Cloud cloud;
    auto env = cloud.good_env();
    env["unknown"] = 1;  // for note_error
    cloud.env = http_reply(200, env.dump());
    Attempt a(cloud.url());
    int count = 0;
    bool gone = false;
    const auto event = [&] {
      if (gone) std::abort();
      gone = count++ == when;
      if (gone) a.login.reset();
    };
    a.login->start({.limits = [&](const auto &) { event(); },
                    .stage = [&](const char *) { event(); },
                    .date = {},
                    .note = [&](const auto &) { event(); },
                    .note_error = [&](const auto &) { event(); },
                    .note_debug = [&](const auto &) { event(); },
                    .done = [&](const auto &) { event(); }});
    EXPECT(a.loop.until([&] { return gone || count == 13; }));
    a.loop.during(2ms);
    EXPECT_EQ(count, std::min(when + 1, 13));
  }
  return {};
}

std::string login__no_listener_but_done__works() {
  Cloud cloud;
  Attempt a(cloud.url());
  bool good = false;
  a.login->start({.limits = {},
                  .stage = {},
                  .date = {},
                  .note = {},
                  .note_error = {},
                  .note_debug = {},
                  .done = [&](const auto &r) { good = r.has_value(); }});
  EXPECT(a.loop.until([&] { return good; }));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(login__good_cloud__three_requests_byte_for_byte_on_one_tls_connection),
    ACLK_TEST(login__good_cloud__credentials_are_all_that_is_needed),
    ACLK_TEST(login__good_cloud__tells_stages_limits_and_the_documented_lines),
    ACLK_TEST(login__done__connection_is_closed),
    ACLK_TEST(login__auth_endpoint_on_another_host__goes_there),
    ACLK_TEST(login__challenge_asked_for_beside_env__is_the_one_that_counts),
    ACLK_TEST(login__env_names_another_login__challenge_is_asked_for_there),
    ACLK_TEST(login__env_refused__challenge_beside_it_does_not_matter),
    ACLK_TEST(login__challenge_beside_env_refused__is_refused_with_its_orders),
    ACLK_TEST(login__challenge_beside_env_breaks__is_asked_for_again),
    ACLK_TEST(login__given_up_with_a_challenge_beside_env__ends_without_a_word),
    ACLK_TEST(login__through_a_proxy__says_so_without_secrets),
    ACLK_TEST(login__env_of_more_than_a_mebibyte__is_taken),
    ACLK_TEST(login__answer_over_its_bound__is_a_parse_error),
    ACLK_TEST(login__nobody_there__is_connection_refused),
    ACLK_TEST(login__env_not_200__follows_the_orders_in_its_body),
    ACLK_TEST(login__retry_after__counts_for_not_now_without_orders),
    ACLK_TEST(login__refusals__tell_the_first_line_of_the_body_and_a_next_step),
    ACLK_TEST(login__date_of_an_answer__is_told),
    ACLK_TEST(login__a_portal_instead_of_the_cloud__can_be_told_by_its_words),
    ACLK_TEST(login__env_empty_or_no_json__is_its_status_and_line),
    ACLK_TEST(login__env_unusable__gives_its_limits_and_spends_no_challenge),
    ACLK_TEST(login__challenge_not_200__is_its_status_and_lines),
    ACLK_TEST(login__challenge_invalid__is_its_status),
    ACLK_TEST(login__challenge_for_another_key__is_decryption_failed),
    ACLK_TEST(login__password_not_201__is_its_status_and_lines),
    ACLK_TEST(login__password_empty_or_broken__is_its_status),
    ACLK_TEST(login__connection_lost_midway__has_no_http_status_of_an_earlier_stage),
    ACLK_TEST(login__server_closes_after_each_answer__still_works),
    ACLK_TEST(login__destroyed_in_flight__says_nothing_and_ends_on_the_wire),
    ACLK_TEST(login__destroyed_from_inside_any_event__is_fine),
    ACLK_TEST(login__no_listener_but_done__works),
};

}  // namespace
}  // namespace test_login

int login_suite() { return cmocka_run_group_tests_name("login", test_login::tests, nullptr, nullptr); }

}  // namespace aclk::test
