// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include "claim/claim_request.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_answer {
using namespace aclk;
using namespace aclk::claim;
using namespace std::chrono_literals;

namespace {

struct Row {
  int status;
  const char *body;
  ExitCode exit;
  const char *reason;
  bool retry;
};

// claim/README.md, "Claim request", every row.
const Row kRows[] = {
    {204, "", ExitCode::claimed, "", false},
    {102, "", ExitCode::in_progress, "Claiming is in progress", false},
    {403, "", ExitCode::token_refused, "Failed: token is expired, not found, or invalid", false},
    {409, "", ExitCode::already_claimed, "Failed: agent is already claimed", false},
    {422, R"({"errorMsgKey":"ErrInvalidNodeID"})", ExitCode::invalid_node_id, "Failed: the node id is invalid", false},
    {422, R"({"errorMsgKey":"ErrInvalidNodeName","x":[1]})", ExitCode::invalid_node_name,
     "Failed: the node name is invalid", false},
    {422, R"({"errorMsgKey":"ErrInvalidRoomID"})", ExitCode::invalid_room_id,
     "Failed: one or more room ids are invalid", false},
    {422, R"({"errorMsgKey":"ErrInvalidPublicKey"})", ExitCode::invalid_public_key, "Failed: the public key is invalid",
     false},
    {422, R"({"errorMsgKey":"ErrNew"})", ExitCode::unprocessable, "Failed with description 'ErrNew'", false},
    {422, R"({"errorMsgKey":7})", ExitCode::unprocessable, "Failed with a response code 422", false},
    {422, R"({"a":1})", ExitCode::unprocessable, "Failed with a response code 422", false},
    {422, R"([])", ExitCode::unprocessable, "Failed with a response code 422", false},
    {422, "<html>", ExitCode::unprocessable, "Failed with a response code 422", false},
    {422, "", ExitCode::unprocessable, "Failed with an empty response, code 422", false},
    {500, "", ExitCode::server_error, "Failed: received Internal Server Error", true},
    {503, "", ExitCode::service_unavailable, "Failed: Netdata Cloud is unavailable", true},
    {504, "", ExitCode::gateway_timeout, "Failed: Gateway Timeout", true},
    {200, "ok", ExitCode::other_status, "Failed with response code 200", true},
    {301, "", ExitCode::other_status, "Failed with response code 301", true},
    {404, R"({"errorMsgKey":"ErrInvalidNodeID"})", ExitCode::other_status, "Failed with response code 404", true},
    {429, "", ExitCode::other_status, "Failed with response code 429", true},
    {502, "", ExitCode::other_status, "Failed with response code 502", true},
};

std::string answer__every_row_of_the_table__has_its_reason_code_and_retry() {
  for (const auto &r : kRows) {
    const auto o = judge_answer(r.status, r.body);
    EXPECT_EQ(o.reason, r.reason);
    EXPECT_EQ(static_cast<int>(o.exit), static_cast<int>(r.exit));
    EXPECT_EQ(o.retry, r.retry);
    EXPECT_EQ(o.claimed(), r.status == 204);
    EXPECT_EQ(o.next_step.empty(), r.status == 204);
  }
  return {};
}

std::string answer__different_reasons__have_different_exit_codes() {
  std::set<int> codes;
  for (const int status : {204, 102, 403, 409, 500, 503, 504, 404})
    EXPECT(codes.insert(static_cast<int>(judge_answer(status, "").exit)).second);
  for (const auto *key : {"ErrInvalidNodeID", "ErrInvalidNodeName", "ErrInvalidRoomID", "ErrInvalidPublicKey", "Other"})
    EXPECT(codes.insert(static_cast<int>(judge_answer(422, std::string(R"({"errorMsgKey":")") + key + "\"}").exit))
               .second);
  EXPECT(codes.insert(static_cast<int>(judge_failure({Errc::tcp, "x"}, {}).exit)).second);
  EXPECT(codes.insert(static_cast<int>(judge_failure({Errc::too_big, "x"}, {}).exit)).second);
  return {};
}

std::string answer__hostile_key__is_cut_and_printable() {
  const auto o = judge_answer(422, R"({"errorMsgKey":"a\u001b[31m\n)" + std::string(5000, 'x') + "\"}");
  EXPECT(o.reason.size() < 200);
  for (const char c : o.reason) EXPECT(c >= ' ' && c < 0x7f);
  EXPECT_EQ(judge_answer(422, std::string(100'000, '[')).reason, "Failed with a response code 422");
  return {};
}

std::string failure__no_answer__names_cause_proxy_trust_and_is_tried_again() {
  const CallFacts facts{"http://h:1 (with credentials, from cloud.conf)", true, "/d/public.pem", "/d/trusted.pem"};
  const auto o = judge_failure({Errc::dns, "Could not resolve host: h"}, facts);
  EXPECT_EQ(o.reason,
            "Request failed with error: Could not resolve host: h\n"
            "proxy: 'http://h:1 (with credentials, from cloud.conf)',\ninsecure: true,\n"
            "public key file: '/d/public.pem',\ntrusted key file: '/d/trusted.pem'");
  EXPECT(o.retry);
  EXPECT(o.exit == ExitCode::unreachable);
  return {};
}

std::string failure__too_much__is_final() {
  const auto o = judge_failure({Errc::too_big, "whatever"}, {});
  EXPECT(o.reason.starts_with(
      "Request failed: response body exceeded 10485760 bytes\nproxy: 'none',\ninsecure: false,\n"));
  EXPECT(!o.retry);
  return {};
}

std::string failure__each_kind__has_its_own_advice() {
  std::set<std::string> steps;
  for (const auto code : {Errc::dns, Errc::proxy, Errc::tls, Errc::tcp}) {
    const auto o = judge_failure({code, "x"}, {});
    EXPECT(!o.next_step.empty());
    EXPECT(steps.insert(o.next_step).second);
  }
  return {};
}

std::string retry__five_attempts__with_growing_pauses() {
  const auto again = judge_answer(503, "");
  EXPECT(retry_delay(0, again) == 300ms);
  EXPECT(retry_delay(1, again) == 400ms);
  EXPECT(retry_delay(2, again) == 500ms);
  EXPECT(retry_delay(3, again) == 600ms);
  EXPECT(!retry_delay(4, again));
  EXPECT(!retry_delay(5, again));
  for (const int final : {102, 403, 409, 422}) EXPECT(!retry_delay(0, judge_answer(final, "")));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(answer__every_row_of_the_table__has_its_reason_code_and_retry),
    ACLK_TEST(answer__different_reasons__have_different_exit_codes),
    ACLK_TEST(answer__hostile_key__is_cut_and_printable),
    ACLK_TEST(failure__no_answer__names_cause_proxy_trust_and_is_tried_again),
    ACLK_TEST(failure__too_much__is_final),
    ACLK_TEST(failure__each_kind__has_its_own_advice),
    ACLK_TEST(retry__five_attempts__with_growing_pauses),
};

}  // namespace
}  // namespace test_answer

int run_answer_tests() { return cmocka_run_group_tests_name("claim: answer", test_answer::tests, nullptr, nullptr); }
