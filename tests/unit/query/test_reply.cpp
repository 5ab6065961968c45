// SPDX-License-Identifier: GPL-3.0-or-later
//
// Replies: the frame of aclk/query/README.md, "Replies" with each of its listed defects, the rows of "Error replies",
// sizes, log lines.
#include <string>

#include <nlohmann/json.hpp>

#include "aclk/query/access_log.h"
#include "aclk/query/gzip.h"
#include "aclk/query/reply.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/query/tests.h"

namespace test_reply {
using namespace aclk;
using namespace aclk::query;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kNow = 1732155240'000123;  // Thu, 21 Nov 2024 02:14:00 GMT
constexpr std::size_t kMaxBody = 1U << 20;

Asker asker() {
  Asker a;
  a.msg_id = "m-1";
  a.topic = "/svc/agent-data-ctrl/x/resp";
  a.transaction = "00112233445566778899aabbccddeeff";
  a.agent_version = "v1.37.1";
  a.session_us = 1732150000'654321;
  a.received_us = 1732155239'999000;
  a.max_body_bytes = kMaxBody;
  return a;
}

Asker with_gzip() {
  auto a = asker();
  a.accept_gzip = true;
  return a;
}

HttpResponse json(std::string body) { return json_response(200, std::move(body)); }

std::string reply(const Asker &a, HttpResponse answer, std::int64_t exec_us = 0) {
  return std::string(frame(a, std::move(answer), {.exec_us = exec_us, .now_us = kNow}).payload.view());
}

std::string body_of(std::string_view payload) {
  const auto http = payload.find("\r\n\r\n");
  const auto body = payload.find("\r\n\r\n", http + 4);
  return body == std::string::npos ? "(none)" : std::string(payload.substr(body + 4));
}
bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string reply__ordinary_answer__is_exactly_the_frame_of_the_protocol() {
  EXPECT_EQ(reply(asker(), json("{}"), 77),
            "{\"type\":\"http\",\"msg-id\":\"m-1\",\"timestamp\":1732155240,\"timestamp-offset-usec\":123,"
            "\"connect\":1732150000,\"connect-offset-usec\":654321,\"version\":2,\"t-exec\":77,"
            "\"t-rx\":1732155239999000,\"http-code\":200}\r\n\r\n"
            "HTTP/1.1 200 OK\r\n"
            "Connection: close\r\n"
            "Server: Netdata Embedded HTTP Server v1.37.1\r\n"
            "Access-Control-Allow-Origin: *\r\n"
            "Access-Control-Allow-Credentials: true\r\n"
            "Date: Thu, 21 Nov 2024 02:14:00 GMT\r\n"
            "Content-Type: application/json; charset=utf-8\r\n"
            "Cache-Control: no-cache, no-store, must-revalidate\r\n"
            "Pragma: no-cache\r\n"
            "Expires: Thu, 21 Nov 2024 02:14:00 GMT\r\n"
            "Content-Length: 2\r\n"
            "X-Transaction-ID: 00112233445566778899aabbccddeeff\r\n"
            "\r\n"
            "{}");
  return {};
}

std::string reply__receive_time__is_filled_in() {
  EXPECT(has(reply(asker(), json("{}")), "\"t-rx\":1732155239999000,"));
  return {};
}

std::string reply__gzip__keeps_the_content_type() {
  const std::string text(5000, 'x');
  const auto out = frame(with_gzip(), json(text), {.exec_us = 1, .now_us = kNow});
  EXPECT(has(out.payload.view(), "Content-Type: application/json; charset=utf-8\r\n"));
  EXPECT(has(out.payload.view(),
             "\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(out.sent_bytes) + "\r\n"));
  const auto body = body_of(out.payload.view());
  EXPECT_EQ(body.size(), out.sent_bytes);
  EXPECT(gunzip(body, kMaxBody).value_or("") == text);
  EXPECT_EQ(out.size_bytes, 5000U);
  return {};
}

std::string reply__body_with_nul__is_sent_whole() {
  const std::string text("a\0b\0", 4);
  const auto out = frame(asker(), json(text), {.exec_us = 1, .now_us = kNow});
  EXPECT(has(out.payload.view(), "Content-Length: 4\r\n"));
  EXPECT(body_of(out.payload.view()) == text);
  return {};
}

std::string reply__body__is_exactly_content_length_bytes() {
  for (const std::size_t n : {0U, 1U, 55U, 8500U}) {
    const auto out = frame(asker(), json(std::string(n, 'y')), {.exec_us = 1, .now_us = kNow});
    EXPECT(has(out.payload.view(), "Content-Length: " + std::to_string(n) + "\r\n"));
    EXPECT_EQ(body_of(out.payload.view()).size(), n);
  }
  return {};
}

std::string reply__bad_request__is_the_header_alone() {
  EXPECT_EQ(std::string(frame_bad_request(asker(), kNow).payload.view()),
            "{\"type\":\"http\",\"msg-id\":\"m-1\",\"timestamp\":1732155240,\"timestamp-offset-usec\":123,"
            "\"connect\":1732150000,\"connect-offset-usec\":654321,\"version\":2,\"t-exec\":0,"
            "\"t-rx\":1732155239999000,\"http-code\":400}");
  return {};
}

std::string reply__msg_id__is_echoed_whatever_is_in_it() {
  auto a = asker();
  a.msg_id = std::string("\"\\\n\x01/\xc3\xa9{}\0z", 11);
  const auto text = reply(a, json("{}"));
  const auto header = nlohmann::json::parse(text.substr(0, text.find("\r\n\r\n")));
  EXPECT_EQ(header["msg-id"].get<std::string>(), a.msg_id);
  a.msg_id = "\xff";  // cannot come from our parser, must not throw either
  EXPECT(!frame_error(a, ErrorReply::timeout, kNow).payload.view().empty());
  return {};
}

std::string reply__redirect_and_405__have_their_lines() {
  auto a = text_response(301, "x");
  a.location = "/node/a/";
  EXPECT(has(reply(asker(), a), "HTTP/1.1 301 Moved Permanently\r\n"));
  EXPECT(has(reply(asker(), a), "\r\nLocation: /node/a/\r\nContent-Length: 1\r\n"));
  a = text_response(405, "x");
  a.allow = "GET, POST";
  EXPECT(has(reply(asker(), a), "\r\nAllow: GET, POST\r\n"));
  return {};
}

std::string reply__cacheable_answer__says_so_and_is_not_contradicted() {
  auto a = json("{}");
  a.cache_control = "public, max-age=5";
  const auto text = reply(asker(), a);
  EXPECT(has(text, "Cache-Control: public, max-age=5\r\n"));
  EXPECT(!has(text, "Pragma") && !has(text, "Expires"));
  return {};
}

std::string reply__hostile_host__cannot_break_the_head() {
  auto a = json("{}");
  a.content_type = "text/html\r\nSet-Cookie: x=y";
  a.cache_control = "no-cache\nX: y";
  a.content_encoding = "br\r\nX: y";
  a.status = -7;
  const auto text = reply(asker(), a);
  EXPECT(!has(text, "Set-Cookie") && !has(text, "X: y"));
  EXPECT(has(text, "Content-Type: application/octet-stream\r\n"));
  EXPECT(has(text, "\"http-code\":500}") && has(text, "HTTP/1.1 500 Internal Server Error"));
  for (const int s : {0, 99, 101, 600, 100000}) EXPECT_EQ(wire_status(s), 500);
  EXPECT_EQ(frame(asker(), a, {.exec_us = 0, .now_us = kNow}).status, 500);
  return {};
}

std::string reply__statuses_of_the_agent__have_a_phrase() {
  for (const int s : {200, 301, 308, 400, 403, 404, 405, 412, 413, 451, 499, 500, 501, 502, 503, 504})
    EXPECT(reason_phrase(s) != "Unknown");
  EXPECT_EQ(reason_phrase(299), "Unknown");
  return {};
}

std::string date__known_seconds__are_spelled_as_http_wants() {
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110 5.6.7
  EXPECT_EQ(http_date(1709164799), "Wed, 28 Feb 2024 23:59:59 GMT");
  EXPECT_EQ(http_date(1709164800), "Thu, 29 Feb 2024 00:00:00 GMT");
  EXPECT_EQ(http_date(-5), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
  return {};
}

std::string error__each_row__has_its_texts_and_keys_in_order() {
  struct Row {
    ErrorReply error;
    int code;
    int http;
    const char *text;
  };
  const Row rows[] = {
      {ErrorReply::compression, 3, 500, "Error during zlib compression"},
      {ErrorReply::too_big, 4, 413, "Request reply produces message bigger than allowed maximum"},
      {ErrorReply::timeout, 6, 503, "Timeout sending binpacked message"},
  };
  for (const auto &r : rows) {
    EXPECT_EQ(std::string(frame_error(asker(), r.error, kNow).payload.view()),
              "{\"type\":\"http\",\"msg-id\":\"m-1\",\"timestamp\":1732155240,\"timestamp-offset-usec\":123,"
              "\"connect\":1732150000,\"connect-offset-usec\":654321,\"version\":2,\"http-code\":" +
                  std::to_string(r.http) + ",\"error-code\":" + std::to_string(r.code) + ",\"error-description\":\"" +
                  r.text + "\"}");
    const auto out = frame_error(asker(), r.error, kNow);
    EXPECT_EQ(out.status, r.http);
    EXPECT(out.error == r.error);
  }
  return {};
}

std::string size__reply_at_the_servers_limit__fits_and_one_byte_more_is_error_4() {
  auto a = asker();
  const auto whole = reply(a, json(std::string(1000, 'z')), 5);
  const auto need = static_cast<std::uint32_t>(whole.size() + a.topic.size() + 64);
  a.max_packet = need;
  EXPECT_EQ(std::string(frame(a, json(std::string(1000, 'z')), {.exec_us = 5, .now_us = kNow}).payload.view()), whole);
  a.max_packet = need - 1;
  const auto out = frame(a, json(std::string(1000, 'z')), {.exec_us = 5, .now_us = kNow});
  EXPECT(out.error == ErrorReply::too_big);
  EXPECT_EQ(out.status, 413);
  EXPECT(has(out.payload.view(), "\"error-code\":4"));
  return {};
}

std::string size__limit_below_any_reply__leaves_nothing_to_say() {
  auto a = asker();
  a.max_packet = 80;
  const auto out = frame(a, json("{}"), {.exec_us = 5, .now_us = kNow});
  EXPECT(out.payload.view().empty());
  EXPECT_EQ(largest_payload(100, 100), 0U);
  EXPECT(!fits(1, 100, 100));
  return {};
}

std::string size__no_limit_of_the_server__is_that_of_mqtt() {
  EXPECT(fits(268'000'000, 100, 0));
  EXPECT(!fits(268'435'455, 100, 0));
  EXPECT(!fits(268'435'455, 100, UINT32_MAX));
  return {};
}

std::string size__body_over_our_own_limit__is_error_4() {
  auto a = asker();
  a.max_body_bytes = 100;
  EXPECT(frame(a, json(std::string(101, 'x')), {.now_us = kNow}).error == ErrorReply::too_big);
  EXPECT(!frame(a, json(std::string(100, 'x')), {.now_us = kNow}).error);
  return {};
}

std::string size__what_the_host_is_asked_for__leaves_room_for_compression_only_with_gzip() {
  auto a = asker();
  a.accept_gzip = true;
  EXPECT_EQ(useful_body_bytes(a), kMaxBody);
  a.max_packet = 10'000;
  EXPECT(useful_body_bytes(a) > 100'000);
  a.accept_gzip = false;
  EXPECT(useful_body_bytes(a) < 10'000);
  return {};
}

std::string gzip__host_already_compressed__is_passed_on_untouched() {
  auto a = json(*gzip(std::string(3000, 'q')));
  a.content_encoding = "gzip";
  const auto out = frame(with_gzip(), a, {.exec_us = 0, .now_us = kNow});
  EXPECT(body_of(out.payload.view()) == a.body);
  EXPECT_EQ(out.size_bytes, 3000U);
  EXPECT_EQ(out.sent_bytes, a.body.size());
  return {};
}

std::string gzip__asker_does_not_take_it__is_unpacked() {
  auto a = json(*gzip(std::string(3000, 'q')));
  a.content_encoding = "gzip";
  const auto out = frame(asker(), a, {.exec_us = 0, .now_us = kNow});
  EXPECT(!has(out.payload.view(), "Content-Encoding"));
  EXPECT(body_of(out.payload.view()) == std::string(3000, 'q'));
  auto less = asker();
  less.max_body_bytes = 2999;
  EXPECT(frame(less, a, {.now_us = kNow}).error == ErrorReply::too_big);
  return {};
}

std::string gzip__damaged_body_for_an_asker_without_gzip__is_error_3() {
  auto a = json(*gzip(std::string(3000, 'q')));
  a.content_encoding = "gzip";
  a.body[12] = static_cast<char>(a.body[12] ^ 0x55);
  EXPECT(frame(asker(), a, {.exec_us = 0, .now_us = kNow}).error == ErrorReply::compression);
  a.body = "short";
  EXPECT(frame(asker(), a, {.exec_us = 0, .now_us = kNow}).error == ErrorReply::compression);
  return {};
}

std::string gzip__empty_body_called_gzip__is_an_empty_body() {
  auto a = json("");
  a.content_encoding = "gzip";
  for (const bool accept : {true, false}) {
    const auto out = frame(accept ? with_gzip() : asker(), a, {.exec_us = 0, .now_us = kNow});
    EXPECT(!has(out.payload.view(), "Content-Encoding") && has(out.payload.view(), "Content-Length: 0\r\n"));
  }
  return {};
}

std::string gzip__small_or_incompressible_body__stays_plain() {
  EXPECT(!has(frame(with_gzip(), json(std::string(100, 'x')), {.exec_us = 0, .now_us = kNow}).payload.view(),
              "Content-Encoding"));
  std::string noise;
  unsigned s = 1;
  for (int i = 0; i < 4000; ++i) noise += static_cast<char>((s = s * 1664525U + 1013904223U) >> 24);
  const auto out = frame(with_gzip(), json(noise), {.exec_us = 0, .now_us = kNow});
  EXPECT(body_of(out.payload.view()).size() <= noise.size());
  return {};
}

std::string host_error__of_each_kind__is_an_answer() {
  const auto status = [](Errc c) { return failed_answer({c, "<x>"}, "guid").status; };
  EXPECT_EQ(status(Errc::not_found), 404);
  EXPECT_EQ(status(Errc::cancelled), 499);
  EXPECT_EQ(status(Errc::timeout), 504);
  EXPECT_EQ(status(Errc::unavailable), 503);
  EXPECT_EQ(status(Errc::denied), 403);
  EXPECT_EQ(status(Errc::unsupported), 501);
  EXPECT_EQ(status(Errc::io), 502);
  EXPECT_EQ(failed_answer({Errc::io, "<x>"}, "").body, "&lt;x&gt;");
  EXPECT_EQ(failed_answer({Errc::not_found, ""}, "g").body, "This netdata does not maintain a database for host: g");
  EXPECT_EQ(interrupted_answer().body, "{\"error\": \"interrupted\" }");
  return {};
}

std::string access_log__line__has_the_fields_of_2x_and_cannot_be_forged() {
  AccessEntry e;
  e.role = "member";
  e.permissions = 0x1b;
  e.method = "GET";
  e.status = 200;
  e.transaction = "t";
  e.sent_bytes = 10;
  e.size_bytes = 100;
  e.prep_us = 5;
  e.sent_us = 2;
  e.total_us = 7;
  e.request = "/api/v1/data?x=\"\\\n";
  EXPECT_EQ(access_line(e),
            "src_transport=aclk role=member permissions=0x1b req_method=GET code=200 transaction=t sent_bytes=10 "
            "size_bytes=100 prep_ut=5 sent_ut=2 total_ut=7 request=\"/api/v1/data?x=\\\"\\\\?\"");
  const std::string huge(100000, 'a');
  e.request = huge;
  EXPECT(access_line(e).size() < 3000);
  return {};
}

std::string access_log__cancelled_queries__have_the_texts_of_the_protocol() {
  EXPECT_EQ(queue_time_line(120ms, 100ms), "QUERY CANCELED: QUEUE TIME EXCEEDED 120 ms (LIMIT 100 ms)");
  EXPECT_EQ(run_time_line(120ms, 100ms), "QUERY CANCELED RUNTIME EXCEEDED 120 ms (LIMIT 100 ms)");
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(reply__ordinary_answer__is_exactly_the_frame_of_the_protocol),
    ACLK_TEST(reply__receive_time__is_filled_in),
    ACLK_TEST(reply__gzip__keeps_the_content_type),
    ACLK_TEST(reply__body_with_nul__is_sent_whole),
    ACLK_TEST(reply__body__is_exactly_content_length_bytes),
    ACLK_TEST(reply__bad_request__is_the_header_alone),
    ACLK_TEST(reply__msg_id__is_echoed_whatever_is_in_it),
    ACLK_TEST(reply__redirect_and_405__have_their_lines),
    ACLK_TEST(reply__cacheable_answer__says_so_and_is_not_contradicted),
    ACLK_TEST(reply__hostile_host__cannot_break_the_head),
    ACLK_TEST(reply__statuses_of_the_agent__have_a_phrase),
    ACLK_TEST(date__known_seconds__are_spelled_as_http_wants),
    ACLK_TEST(error__each_row__has_its_texts_and_keys_in_order),
    ACLK_TEST(size__reply_at_the_servers_limit__fits_and_one_byte_more_is_error_4),
    ACLK_TEST(size__limit_below_any_reply__leaves_nothing_to_say),
    ACLK_TEST(size__no_limit_of_the_server__is_that_of_mqtt),
    ACLK_TEST(size__body_over_our_own_limit__is_error_4),
    ACLK_TEST(size__what_the_host_is_asked_for__leaves_room_for_compression_only_with_gzip),
    ACLK_TEST(gzip__host_already_compressed__is_passed_on_untouched),
    ACLK_TEST(gzip__asker_does_not_take_it__is_unpacked),
    ACLK_TEST(gzip__damaged_body_for_an_asker_without_gzip__is_error_3),
    ACLK_TEST(gzip__empty_body_called_gzip__is_an_empty_body),
    ACLK_TEST(gzip__small_or_incompressible_body__stays_plain),
    ACLK_TEST(host_error__of_each_kind__is_an_answer),
    ACLK_TEST(access_log__line__has_the_fields_of_2x_and_cannot_be_forged),
    ACLK_TEST(access_log__cancelled_queries__have_the_texts_of_the_protocol),
};

}  // namespace
}  // namespace test_reply

int aclk::query::test::reply_tests() {
  return cmocka_run_group_tests_name("query reply", test_reply::kTests, nullptr, nullptr);
}
