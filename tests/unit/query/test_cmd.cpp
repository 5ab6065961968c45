// SPDX-License-Identifier: GPL-3.0-or-later
//
// cmd messages: framing (aclk/query/README.md, "Framing") and every row of "Malformed requests".
#include <string>
#include <vector>

#include "aclk/query/cmd_request.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/query/tests.h"

namespace test_cmd {
using namespace aclk::query;
using namespace std::chrono_literals;

namespace {

constexpr auto kLast = "Error processing message of type 'cmd'";

std::string header(const std::string &more = "") {
  return R"({"type":"http","version":2,"msg-id":"m1","callback-topic":"/svc/x/resp")" + more + "}";
}
std::string message(const std::string &http, const std::string &more = "") { return header(more) + "\r\n\r\n" + http; }
const std::string kGet = "GET /api/v1/info HTTP/1.1\r\n\r\n";

std::string lines(const Cmd &c) {
  std::string out;
  if (const auto *d = std::get_if<Dropped>(&c))
    for (const auto &l : d->lines) out += l + "\n";
  return out;
}
const CmdRequest *request(const Cmd &c) { return std::get_if<CmdRequest>(&c); }
const BadRequest *bad(const Cmd &c) { return std::get_if<BadRequest>(&c); }
std::string logged(const std::string &text) { return text + "\n" + kLast + "\n"; }

std::string cmd__complete_question__every_part_is_taken() {
  const auto c = parse_cmd(
      message("POST /api/v2/data?x=1 HTTP/1.1\r\nContent-Length: 4\r\naccept-encoding: br, GZip;q=0\r\n"
              "X-Transaction-ID: 0F2E4D6C-0000-4000-8000-00000000ABCD\r\nX-Netdata-Role:  admin \r\n\r\nbodyrest",
              R"(,"timeout":1500,"min-version":1,"payload":"x","nested":{"msg-id":"no","a":[1,{"type":"no"}]})"));
  const auto *r = request(c);
  EXPECT(r != nullptr);
  EXPECT_EQ(r->msg_id, "m1");
  EXPECT_EQ(r->callback_topic, "/svc/x/resp");
  EXPECT_EQ(r->timeout.count(), 1500);
  EXPECT_EQ(r->version, 2);
  EXPECT(r->accept_gzip);
  EXPECT_EQ(r->transaction, "0f2e4d6c00004000800000000000abcd");
  EXPECT_EQ(method_name(r->http.method), "POST");
  EXPECT_EQ(r->http.target, "/api/v2/data?x=1");
  EXPECT_EQ(r->http.header("x-netdata-role"), "admin");
  EXPECT_EQ(r->http.body, "body");
  return {};
}

std::string cmd__smallest_question__has_defaults() {
  const auto c = parse_cmd(message("GET / HTTP/1.1\r\n\r\n"));
  const auto *r = request(c);
  EXPECT(r != nullptr);
  EXPECT_EQ(r->timeout.count(), 0);
  EXPECT(!r->accept_gzip);
  EXPECT_EQ(r->transaction, "");
  EXPECT_EQ(r->http.target, "/");
  EXPECT(r->http.headers.empty());
  return {};
}

std::string cmd__all_methods__are_taken() {
  for (const auto *m : {"GET", "DELETE"}) {
    const auto c = parse_cmd(message(std::string(m) + " /x HTTP/1.1\r\n\r\n"));
    EXPECT(request(c) != nullptr);
    EXPECT_EQ(method_name(request(c)->http.method), m);
  }
  for (const auto *m : {"POST", "PUT"}) {
    const auto c = parse_cmd(message(std::string(m) + " /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n"));
    EXPECT(request(c) != nullptr);
    EXPECT_EQ(method_name(request(c)->http.method), m);
  }
  return {};
}

std::string cmd__larger_version__is_accepted() {
  for (const auto *v : {"3", "2.9", "99999999999999999999", "1e300", "9223372036854775807", "18446744073709551615"}) {
    const auto c = parse_cmd(R"({"type":"http","msg-id":"a","callback-topic":"/t","version":)" + std::string(v) +
                             "}\r\n\r\n" + kGet);
    EXPECT(request(c) != nullptr);
    EXPECT(request(c)->version >= 2);
  }
  return {};
}

std::string cmd__timeout_of_any_size__stays_in_bounds() {
  const auto timeout = [](const std::string &v) {
    const auto c = parse_cmd(message(kGet, ",\"timeout\":" + v));
    return request(c) == nullptr ? -1 : request(c)->timeout.count();
  };
  EXPECT_EQ(timeout("0"), 0);
  EXPECT_EQ(timeout("-5"), 0);
  EXPECT_EQ(timeout("-1e300"), 0);
  EXPECT_EQ(timeout("250.9"), 250);
  EXPECT_EQ(timeout("\"100\""), 0);
  EXPECT_EQ(timeout("null"), 0);
  EXPECT_EQ(timeout("18446744073709551615"), kMaxTimeout.count());
  EXPECT_EQ(timeout("1e300"), kMaxTimeout.count());
  return {};
}

std::string cmd__gzip_anywhere_in_accept_encoding__is_noticed_and_deflate_alone_is_not() {
  const auto gzip = [](const std::string &v) {
    const auto c = parse_cmd(message("GET /x HTTP/1.1\r\nAccept-Encoding: " + v + "\r\n\r\n"));
    return request(c) != nullptr && request(c)->accept_gzip;
  };
  for (const auto *v : {"gzip", "GZIP", "br,gzip", "deflate, gZip, br", "x-gzip"}) EXPECT(gzip(v));
  for (const auto *v : {"", "deflate", "br", "gzi p"}) EXPECT(!gzip(v));
  return {};
}

std::string cmd__no_json__is_malformed() {
  EXPECT_EQ(lines(parse_cmd("")), logged("Malformed json request ()"));
  EXPECT_EQ(lines(parse_cmd("hello")), logged("Malformed json request (hello)"));
  EXPECT_EQ(lines(parse_cmd("{\"type\":\"http\"\r\n\r\nGET")),
            logged("Malformed json request ({\"type\":\"http\"????GET)"));
  EXPECT(lines(parse_cmd(std::string("{}\0", 3))).starts_with("Malformed"));
  EXPECT(lines(parse_cmd("{\"a\":\"\xff\xfe\"}")).starts_with("Malformed"));
  EXPECT(lines(parse_cmd("{\"a\":1e999}")).starts_with("Malformed"));
  return {};
}

std::string cmd__malformed_log_line__is_short_and_printable() {
  const auto text = lines(parse_cmd(std::string(100000, '\n') + "\x1b[31m"));
  EXPECT(text.size() < 400);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  return {};
}

std::string cmd__json_over_its_bounds__is_malformed() {
  const auto nested = [](int n) {
    return header(",\"x\":" + std::string(static_cast<std::size_t>(n), '[') +
                  std::string(static_cast<std::size_t>(n), ']')) +
           "\r\n\r\n" + kGet;
  };
  EXPECT(request(parse_cmd(nested(15))) != nullptr);
  EXPECT(lines(parse_cmd(nested(16))).starts_with("Malformed"));
  EXPECT(lines(parse_cmd(nested(20000))).starts_with("Malformed"));
  EXPECT(lines(parse_cmd(std::string(1U << 20, '['))).starts_with("Malformed"));
  EXPECT(lines(parse_cmd(message(kGet, ",\"x\":\"" + std::string(70000, 'a') + "\""))).starts_with("Malformed"));
  EXPECT(!lines(parse_cmd(std::string((16U << 20) + 1, '{'))).empty());
  return {};
}

std::string cmd__no_type__is_dropped() {
  const auto want = logged("Cloud message is missing compulsory key \"type\"");
  EXPECT_EQ(lines(parse_cmd("{}")), want);
  EXPECT_EQ(lines(parse_cmd("[1]")), want);
  EXPECT_EQ(lines(parse_cmd("{\"type\":7}\r\n\r\n" + kGet)), want);
  EXPECT_EQ(lines(parse_cmd("[{\"type\":\"http\"}]")), want);
  EXPECT_EQ(lines(parse_cmd("{\"a\":{\"type\":\"http\"}}")), want);
  return {};
}

std::string cmd__other_type__is_dropped() {
  EXPECT_EQ(lines(parse_cmd("{\"type\":\"HTTP\",\"version\":2}\r\n\r\n" + kGet)),
            logged("Only 'http' cmd message is supported"));
  return {};
}

std::string cmd__old_or_no_version__is_dropped() {
  const auto drop = [](const std::string &v) {
    return lines(parse_cmd("{\"type\":\"http\"" + v + "}\r\n\r\n" + kGet));
  };
  const std::string begin = "This handler cannot reply to request with version older than 2, received ";
  EXPECT_EQ(drop(""), logged(begin + "0."));
  EXPECT_EQ(drop(",\"version\":1"), logged(begin + "1."));
  EXPECT_EQ(drop(",\"version\":-3"), logged(begin + "-3."));
  EXPECT_EQ(drop(",\"version\":\"2\""), logged(begin + "0."));
  return {};
}

std::string cmd__no_separator__is_dropped() {
  const auto want = logged("Error extracting payload expected after the JSON dictionary.");
  EXPECT_EQ(lines(parse_cmd(header())), want);
  EXPECT_EQ(lines(parse_cmd(header() + "\r\n")), want);
  return {};
}

std::string cmd__other_method__is_dropped() {
  const std::string want = "Only accepting requests that start with GET, POST, PUT, DELETE from CLOUD.\n" +
                           logged("Could not extract payload from query");
  for (const auto *h : {"", "OPTIONS / HTTP/1.1\r\n\r\n", "get /x HTTP/1.1\r\n\r\n", "GET x HTTP/1.1\r\n\r\n",
                        "GET http://h/ HTTP/1.1\r\n\r\n", "STREAM key=x HTTP/1.1\r\n\r\n", "HEAD / HTTP/1.1\r\n\r\n",
                        " GET / HTTP/1.1\r\n\r\n", "\r\nGET / HTTP/1.1\r\n\r\n", "GET"})
    EXPECT_EQ(lines(parse_cmd(message(h))), want);
  return {};
}

std::string cmd__no_http_1_1__is_dropped() {
  const std::string want = "Doesn't look like HTTP GET request.\n" + logged("Could not extract payload from query");
  for (const auto *h : {"GET /x", "GET /x\r\n\r\n", "GET /x HTTP/1.0\r\n\r\n", "GET /x HTTP/1.1", "GET /x HTTP/1.1\n\n",
                        "GET /x http/1.1\r\n\r\n", "GET /x\r\nA: b HTTP/1.1\r\n\r\n", "POST /HTTP/1.1\r\n\r\n"})
    EXPECT_EQ(lines(parse_cmd(message(h))), want);
  return {};
}

std::string cmd__no_callback_topic_or_msg_id__is_dropped() {
  const std::string begin = R"({"type":"http","version":2)";
  EXPECT_EQ(lines(parse_cmd(begin + "}\r\n\r\n" + kGet)), logged("Missing callback_topic"));
  EXPECT_EQ(lines(parse_cmd(begin + ",\"callback-topic\":5}\r\n\r\n" + kGet)), logged("Missing callback_topic"));
  EXPECT_EQ(lines(parse_cmd(begin + ",\"callback-topic\":\"/t\"}\r\n\r\n" + kGet)), logged("Missing msg_id"));
  // Also when the HTTP part would only earn a 400: there is nobody to tell.
  EXPECT_EQ(lines(parse_cmd(begin + "}\r\n\r\nGET / HTTP/1.1\r\n")), logged("Missing callback_topic"));
  return {};
}

std::string cmd__topic_without_leading_slash__is_error_5_and_only_logged() {
  for (const auto *t : {"", "svc/x", "x"}) {
    const auto c = parse_cmd(R"({"type":"http","version":2,"msg-id":"m","callback-topic":")" + std::string(t) +
                             "\"}\r\n\r\n" + kGet);
    EXPECT_EQ(lines(c), "Full topic required!\n");
  }
  return {};
}

std::string cmd__topic_that_mqtt_forbids__is_dropped() {
  for (const auto *t : {"/a/+", "/a/#", "/a#", "/\\u0000", "/a\\u0000b", "/a\\nb", "/\\u0080", "/\\ufffe", "/\\ufdd0",
                        "/\\ud83f\\udfff"}) {
    const auto c = parse_cmd(R"({"type":"http","version":2,"msg-id":"m","callback-topic":")" + std::string(t) +
                             "\"}\r\n\r\n" + kGet);
    EXPECT(lines(c).starts_with("ACLK: the callback topic"));
  }
  EXPECT(is_reply_topic("/svc/agent-data-ctrl/a b/\xc3\xa9/resp"));
  EXPECT(is_reply_topic("/\xef\xbf\xbd/\xf0\x9f\x98\x80"));
  EXPECT(is_reply_topic("/" + std::string(kMaxTopicBytes - 1, 'x')));
  EXPECT(!is_reply_topic("/" + std::string(kMaxTopicBytes, 'x')));
  EXPECT(is_reply_topic(std::string(kMaxTopicLevels, '/')));
  EXPECT(!is_reply_topic(std::string(kMaxTopicLevels + 1, '/')));
  EXPECT(!is_reply_topic(""));
  // A reply there would be a command.
  for (const auto *t : {"/agent/x/inbound/cmd", "/agent/x/inbound/v1/cmd/DisconnectReq", "/agent//inbound"})
    EXPECT(!is_reply_topic(t));
  for (const auto *t : {"/agent", "/agent/", "/agent/x", "/agent/x/inbounds", "/agent/x/y/inbound/z", "/svc/inbound/x"})
    EXPECT(is_reply_topic(t));
  return {};
}

std::string cmd__broken_http__is_a_400() {
  const std::string post = "POST /x HTTP/1.1\r\n";
  for (const auto &h : std::vector<std::string>{
           "GET /x HTTP/1.1\r\n",                                             // head not ended
           "GET /x HTTP/1.1\r\nA: b\r\n",                                     // the same with a header
           "GET /x HTTP/1.1\r\nA: b",                                         //
           post + "\r\n",                                                     // no length
           "PUT /x HTTP/1.1\r\n\r\nabc",                                      //
           post + "Content-Length: 4\r\n\r\nabc",                             // short body
           post + "Content-Length: 18446744073709551616\r\n\r\nabc",          // larger than any number
           post + "Content-Length: -1\r\n\r\nabc",                            //
           post + "Content-Length: +1\r\n\r\nabc",                            //
           post + "Content-Length: 1x\r\n\r\nabc",                            //
           post + "Content-Length:\r\n\r\nabc",                               //
           post + "Content-Length : 3\r\n\r\nabc",                            // white space in a name: not that header
           post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nabc",        // two that differ
           post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",  //
           "GET /" + std::string(kMaxTargetBytes, 'a') + " HTTP/1.1\r\n\r\n",
           "GET /x HTTP/1.1\r\nA: " + std::string(kMaxHeadBytes, 'a') + "\r\n\r\n",
       }) {
    const auto c = parse_cmd(message(h));
    EXPECT(bad(c) != nullptr);
    EXPECT_EQ(bad(c)->msg_id, "m1");
    EXPECT_EQ(bad(c)->callback_topic, "/svc/x/resp");
    EXPECT(!bad(c)->why.empty());
  }
  std::string many = "GET /x HTTP/1.1\r\n";
  for (std::size_t i = 0; i < kMaxHeaderLines; ++i) many += "A: b\r\n";
  EXPECT(request(parse_cmd(message(many + "\r\n"))) != nullptr);
  EXPECT(bad(parse_cmd(message(many + "A: b\r\n\r\n"))) != nullptr);
  return {};
}

std::string cmd__headers_that_are_none__are_left_out() {
  const auto c = parse_cmd(
      message("GET /x HTTP/1.1\r\nno colon\r\n: empty\r\n folded: x\r\nA B: c\r\nLF: a\nX-Netdata-Role: admin\r\n"
              "Ok: 1\r\nOK: 2\r\n\r\n"));
  const auto *r = request(c);
  EXPECT(r != nullptr);
  EXPECT_EQ(r->http.headers.size(), 2U);
  EXPECT_EQ(r->http.header("ok"), "2");
  EXPECT_EQ(r->http.header("X-Netdata-Role"), "");
  return {};
}

std::string cmd__body_of_get_and_delete__is_ignored() {
  for (const auto *m : {"GET", "DELETE"}) {
    const auto c = parse_cmd(message(std::string(m) + " /x HTTP/1.1\r\nContent-Length: 99\r\n\r\nabc"));
    EXPECT(request(c) != nullptr);
    EXPECT_EQ(request(c)->http.body, "");
  }
  return {};
}

std::string cmd__body_with_nul_and_separators__is_kept() {
  const std::string body("a\0b\r\n\r\nc", 8);
  const auto c = parse_cmd(message("POST /x HTTP/1.1\r\nContent-Length: 8\r\n\r\n" + body));
  EXPECT(request(c) != nullptr);
  EXPECT(request(c)->http.body == body);
  return {};
}

std::string cmd__transaction_that_is_no_uuid__is_not_taken() {
  const auto c = parse_cmd(message("GET /x HTTP/1.1\r\nX-Transaction-ID: evil\r\n\r\n"));
  EXPECT(request(c) != nullptr);
  EXPECT_EQ(request(c)->transaction, "");
  return {};
}

std::string cmd__every_prefix_and_every_flipped_byte__has_an_outcome() {
  const auto whole =
      message("POST /api/v1/data?x=%20 HTTP/1.1\r\nContent-Length: 3\r\nA: b\r\n\r\nabc", ",\"timeout\":9");
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT(request(parse_cmd(whole.substr(0, n))) == nullptr);
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (const int x : {0x01, 0x20, 0x80, 0xff}) {
      auto m = whole;
      m[i] = static_cast<char>(m[i] ^ x);
      (void)parse_cmd(m);
      m[i] = '\0';
      (void)parse_cmd(m);
    }
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(cmd__complete_question__every_part_is_taken),
    ACLK_TEST(cmd__smallest_question__has_defaults),
    ACLK_TEST(cmd__all_methods__are_taken),
    ACLK_TEST(cmd__larger_version__is_accepted),
    ACLK_TEST(cmd__timeout_of_any_size__stays_in_bounds),
    ACLK_TEST(cmd__gzip_anywhere_in_accept_encoding__is_noticed_and_deflate_alone_is_not),
    ACLK_TEST(cmd__no_json__is_malformed),
    ACLK_TEST(cmd__malformed_log_line__is_short_and_printable),
    ACLK_TEST(cmd__json_over_its_bounds__is_malformed),
    ACLK_TEST(cmd__no_type__is_dropped),
    ACLK_TEST(cmd__other_type__is_dropped),
    ACLK_TEST(cmd__old_or_no_version__is_dropped),
    ACLK_TEST(cmd__no_separator__is_dropped),
    ACLK_TEST(cmd__other_method__is_dropped),
    ACLK_TEST(cmd__no_http_1_1__is_dropped),
    ACLK_TEST(cmd__no_callback_topic_or_msg_id__is_dropped),
    ACLK_TEST(cmd__topic_without_leading_slash__is_error_5_and_only_logged),
    ACLK_TEST(cmd__topic_that_mqtt_forbids__is_dropped),
    ACLK_TEST(cmd__broken_http__is_a_400),
    ACLK_TEST(cmd__headers_that_are_none__are_left_out),
    ACLK_TEST(cmd__body_of_get_and_delete__is_ignored),
    ACLK_TEST(cmd__body_with_nul_and_separators__is_kept),
    ACLK_TEST(cmd__transaction_that_is_no_uuid__is_not_taken),
    ACLK_TEST(cmd__every_prefix_and_every_flipped_byte__has_an_outcome),
};

}  // namespace
}  // namespace test_cmd

int aclk::query::test::cmd_tests() {
  return cmocka_run_group_tests_name("query cmd", test_cmd::kTests, nullptr, nullptr);
}
