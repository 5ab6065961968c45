// SPDX-License-Identifier: GPL-3.0-or-later
//
// Claims that end without a claimed node, and what they leave behind.
#include "claim/claim_node.h"
#include "claim/cloud_dir.h"
#include "claim/identity.h"
#include "tests/unit/claim/node_fixture.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_claim_refused {
using namespace aclk;
using namespace aclk::claim;
using namespace aclk::test;
using namespace std::chrono_literals;

namespace {

bool contains(const std::string &text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string refused__final_answer__is_asked_once_and_leaves_nothing() {
  Node n;
  n.answers = {HttpAnswer{403, ""}};
  const auto report = n.run();
  EXPECT(report.exit == ExitCode::token_refused);
  EXPECT(report.message.starts_with("Failed: token is expired, not found, or invalid\n"));
  EXPECT(contains(report.message, "not claimed"));
  EXPECT_EQ(n.calls.size(), 1U);
  EXPECT_EQ(n.sleeps.size(), 0U);
  EXPECT_EQ(names_in(n.dir()).size(), 0U);
  return {};
}

std::string refused__hopeful_answer__is_asked_five_times() {
  Node n;
  n.answers = {HttpAnswer{500, ""}};
  EXPECT(n.run().exit == ExitCode::server_error);
  EXPECT_EQ(n.calls.size(), 5U);
  EXPECT(n.sleeps == (std::vector<std::chrono::milliseconds>{300ms, 400ms, 500ms, 600ms}));
  return {};
}

std::string refused__hope_then_a_final_answer__ends_there() {
  Node n;
  n.answers = {HttpAnswer{500, ""}, HttpAnswer{409, ""}};
  EXPECT(n.run().exit == ExitCode::already_claimed);
  EXPECT_EQ(n.calls.size(), 2U);
  return {};
}

std::string refused__no_answer__shows_the_facts_without_credentials() {
  Node n;
  n.answers = {trouble(Errc::proxy, "the proxy answered 407")};
  n.options.proxy = "http://u:secret@h:1";
  const auto report = n.run();
  EXPECT(report.exit == ExitCode::unreachable);
  EXPECT(contains(report.message, "proxy: 'http://h:1 (with credentials, from --proxy)'"));
  EXPECT(!contains(report.message + n.said, "secret"));
  EXPECT_EQ(n.calls.size(), 5U);
  return {};
}

std::string refused__reclaim__leaves_the_old_claim_in_force() {
  Node n;
  n.write_old_claim();
  n.options.reclaim = true;
  n.answers = {HttpAnswer{403, ""}};
  const auto report = n.run();
  EXPECT(contains(report.message, kOldClaim));
  EXPECT_EQ(load_identity(n.dir()).claim_id, kOldClaim);
  EXPECT(load_identity(n.dir()).standing == Standing::claimed);
  EXPECT_EQ(get(n.dir() / "private.pem"), some_private_pem(0));
  return {};
}

std::string disabled__claim_and_reclaim__refuse_without_a_trace() {
  Node n;
  std::filesystem::create_directory(n.dir());
  std::filesystem::permissions(n.dir(), std::filesystem::perms(0750));
  put(n.dir() / "cloud.conf", "[global]\n    enabled = no\n");
  for (const bool reclaim : {false, true}) {
    n.options.reclaim = reclaim;
    const auto report = n.run();
    EXPECT(report.exit == ExitCode::disabled);
    EXPECT(report.message.starts_with("Refusing to claim agent -> cloud functionality has been disabled\n"));
  }
  EXPECT_EQ(n.calls.size(), 0U);
  EXPECT_EQ(mode_of(n.dir()), 0750U);
  return {};
}

std::string broken_claim__without_reclaim__is_left_alone() {
  Node n;
  n.write_old_claim();
  std::filesystem::remove(n.dir() / "private.pem");
  const auto report = n.run();
  EXPECT(report.exit == ExitCode::local_files);
  EXPECT(contains(report.message, "unable to load private key"));
  EXPECT(contains(report.message, "--reclaim"));
  EXPECT_EQ(n.calls.size(), 0U);
  n.options.reclaim = true;
  n.answers = {HttpAnswer{204, ""}};
  EXPECT(n.run().exit == ExitCode::claimed);
  EXPECT(load_identity(n.dir()).standing == Standing::claimed);
  return {};
}

std::string agent_never_ran__is_said_before_anything_is_sent() {
  Node n;
  std::filesystem::remove_all(n.lib() / "registry");
  const auto report = n.run();
  EXPECT(report.exit == ExitCode::no_machine_guid);
  EXPECT(contains(report.message, "start it once"));
  EXPECT_EQ(n.calls.size(), 0U);
  return {};
}

std::string settings_wrong__are_a_usage_error_before_anything_is_sent() {
  Node n;
  n.options.token.reset();
  EXPECT(n.run().exit == ExitCode::usage);
  n.options.token = "t";
  n.options.url = "http://h";
  EXPECT(n.run().exit == ExitCode::usage);
  n.options.url = "https://h";
  n.options.proxy = "nonsense";
  EXPECT(n.run().exit == ExitCode::usage);
  EXPECT_EQ(n.calls.size(), 0U);
  return {};
}

std::string trust_file_without_certificates__is_said_before_anything_is_sent() {
  Node n;
  std::filesystem::create_directory(n.dir());
  put(n.dir() / "trusted.pem", "not PEM");
  const auto report = n.run();
  EXPECT(report.exit == ExitCode::local_files);
  EXPECT(contains(report.message, "trusted.pem"));
  EXPECT_EQ(n.calls.size(), 0U);
  return {};
}

std::string two_runs__second_one__is_turned_away() {
  Node n;
  const auto held = CloudDir::open(n.dir());
  EXPECT(held);
  const auto report = n.run();
  EXPECT(report.exit == ExitCode::busy);
  EXPECT_EQ(n.calls.size(), 0U);
  return {};
}

std::string granted_but_not_written__is_a_failure_that_can_be_repeated() {
  for (int k = 0;; ++k) {
    Node n;
    n.answers = {HttpAnswer{204, ""}};
    n.disk.fail_at = k;
    const auto report = n.run();
    if (report.exit == ExitCode::claimed) {
      EXPECT(k > 8);
      return {};
    }
    EXPECT(report.exit == ExitCode::local_files);
    EXPECT(report.message.starts_with("Failed to save claiming info to disk: "));
    n.disk.fail_at = -1;
    EXPECT(n.run().exit == ExitCode::claimed);
    EXPECT(load_identity(n.dir()).standing == Standing::claimed);
    EXPECT_EQ(get(n.dir() / "claimed_id"), load_identity(n.dir()).claim_id);
  }
}

const CMUnitTest tests[] = {
    ACLK_TEST(refused__final_answer__is_asked_once_and_leaves_nothing),
    ACLK_TEST(refused__hopeful_answer__is_asked_five_times),
    ACLK_TEST(refused__hope_then_a_final_answer__ends_there),
    ACLK_TEST(refused__no_answer__shows_the_facts_without_credentials),
    ACLK_TEST(refused__reclaim__leaves_the_old_claim_in_force),
    ACLK_TEST(disabled__claim_and_reclaim__refuse_without_a_trace),
    ACLK_TEST(broken_claim__without_reclaim__is_left_alone),
    ACLK_TEST(agent_never_ran__is_said_before_anything_is_sent),
    ACLK_TEST(settings_wrong__are_a_usage_error_before_anything_is_sent),
    ACLK_TEST(trust_file_without_certificates__is_said_before_anything_is_sent),
    ACLK_TEST(two_runs__second_one__is_turned_away),
    ACLK_TEST(granted_but_not_written__is_a_failure_that_can_be_repeated),
};

}  // namespace
}  // namespace test_claim_refused

int run_claim_refused_tests() {
  return cmocka_run_group_tests_name("claim: refused", test_claim_refused::tests, nullptr, nullptr);
}
