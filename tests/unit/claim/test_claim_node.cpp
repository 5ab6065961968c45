// SPDX-License-Identifier: GPL-3.0-or-later
//
// Claims that end with a claimed node.

#include <nlohmann/json.hpp>

#include "claim/claim_node.h"
#include "claim/identity.h"
#include "tests/unit/claim/node_fixture.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_claim_node {
using namespace aclk;
using namespace aclk::claim;
using namespace aclk::test;
using namespace std::chrono_literals;

namespace {

bool contains(const std::string &text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string claim__granted__sends_what_it_writes() {
  Node n;
  n.answers = {HttpAnswer{204, ""}};
  n.options.rooms = "r1, r2";
  const auto report = n.run();
  EXPECT_EQ(report.message.substr(0, 30), "Agent was successfully claimed");
  EXPECT(report.exit == ExitCode::claimed);
  EXPECT_EQ(n.calls.size(), 1U);
  EXPECT_EQ(n.calls[0].url, "https://cloud.test/api/v1/spaces/nodes/00000000-0000-4000-8000-000000000000");
  const auto body = nlohmann::json::parse(n.calls[0].body);
  EXPECT_EQ(body["node"]["hostname"].get<std::string>(), "the-host");
  EXPECT_EQ(body["mGUID"].get<std::string>(), kMachineGuid);
  EXPECT_EQ(body["token"].get<std::string>(), "tok-secret");
  EXPECT_EQ(body["rooms"].size(), 2U);
  EXPECT_EQ(body["publicKey"].get<std::string>(), get(n.dir() / "public.pem"));
  const auto id = load_identity(n.dir());
  EXPECT(id.standing == Standing::claimed);
  EXPECT_EQ(id.claim_id, body["node"]["id"].get<std::string>());
  EXPECT_EQ(id.conf.url, "https://cloud.test");
  EXPECT_EQ(id.conf.token, "tok-secret");
  EXPECT_EQ(id.conf.rooms, "r1, r2");
  EXPECT_EQ(id.conf.machine_guid, kMachineGuid);
  EXPECT_EQ(id.conf.hostname, "the-host");
  EXPECT_EQ(get(id.private_key), some_private_pem(1));
  EXPECT_EQ(mode_of(n.dir()), 0770U);
  EXPECT(contains(report.message, id.claim_id));
  return {};
}

std::string claim__no_secret__is_ever_printed() {
  Node n;
  n.answers = {HttpAnswer{503, ""}, trouble(Errc::tcp, "Connection refused"), HttpAnswer{204, ""}};
  n.options.proxy = "http://user:pass-secret@proxy:1";
  const auto report = n.run();
  EXPECT(report.exit == ExitCode::claimed);
  for (const auto &text : {report.message, n.said}) EXPECT(!contains(text, "secret"));
  EXPECT(contains(n.said, "http://proxy:1 (with credentials, from --proxy)"));
  EXPECT_EQ(n.calls[0].proxy.password, "pass-secret");
  EXPECT_EQ(load_identity(n.dir()).conf.proxy, "http://user:pass-secret@proxy:1");
  return {};
}

std::string claim__each_attempt__has_a_new_claim_id_and_the_same_key() {
  Node n;
  n.answers = {HttpAnswer{503, ""}, HttpAnswer{504, ""}, HttpAnswer{204, ""}};
  EXPECT(n.run().exit == ExitCode::claimed);
  EXPECT_EQ(n.calls.size(), 3U);
  EXPECT(n.sleeps == (std::vector<std::chrono::milliseconds>{300ms, 400ms}));
  EXPECT(n.calls[0].url != n.calls[1].url && n.calls[1].url != n.calls[2].url);
  const auto key = [&](std::size_t i) {
    return nlohmann::json::parse(n.calls[i].body)["publicKey"].get<std::string>();
  };
  EXPECT_EQ(key(0), key(2));
  EXPECT(n.calls[2].url.ends_with(load_identity(n.dir()).claim_id));
  return {};
}

std::string claim__existing_private_key__is_kept() {
  Node n;
  n.answers = {HttpAnswer{204, ""}};
  std::filesystem::create_directory(n.dir());
  put(n.dir() / "private.pem", some_private_pem(0));
  EXPECT(n.run().exit == ExitCode::claimed);
  EXPECT_EQ(get(n.dir() / "private.pem"), some_private_pem(0));
  EXPECT_EQ(get(n.dir() / "public.pem"), public_pem_of(some_private_pem(0)));
  EXPECT_EQ(mode_of(n.dir() / "private.pem"), 0600U);
  return {};
}

std::string claim__claimed_already__says_so_and_touches_nothing() {
  Node n;
  n.write_old_claim();
  const auto conf = get(n.dir() / "cloud.conf");
  const auto report = n.run();
  EXPECT(report.exit == ExitCode::claimed);
  EXPECT(contains(report.message, "already claimed"));
  EXPECT(contains(report.message, kOldClaim));
  EXPECT(contains(report.message, "https://old.test"));
  EXPECT(contains(report.message, "https://cloud.test, is another one"));
  EXPECT_EQ(n.calls.size(), 0U);
  EXPECT_EQ(n.disk.steps, 0);
  EXPECT_EQ(get(n.dir() / "cloud.conf"), conf);
  return {};
}

std::string claim__copy_of_the_id_lost_in_a_crash__is_written_by_the_next_run() {
  Node n;
  n.write_old_claim();
  std::filesystem::remove(n.dir() / "claimed_id");
  EXPECT(n.run().exit == ExitCode::claimed);
  EXPECT_EQ(get(n.dir() / "claimed_id"), kOldClaim);
  EXPECT_EQ(n.calls.size(), 0U);
  return {};
}

std::string reclaim__granted__replaces_key_and_id() {
  Node n;
  n.write_old_claim();
  n.options.reclaim = true;
  n.answers = {HttpAnswer{204, ""}};
  EXPECT(n.run().exit == ExitCode::claimed);
  const auto id = load_identity(n.dir());
  EXPECT(id.claim_id != kOldClaim);
  EXPECT_EQ(id.conf.url, "https://cloud.test");
  EXPECT_EQ(get(n.dir() / "private.pem"), some_private_pem(1));
  EXPECT_EQ(get(n.dir() / "claimed_id"), id.claim_id);
  return {};
}

void make_copy(Node &n) {
  n.write_old_claim();
  auto conf = load_identity(n.dir()).conf;
  conf.machine_guid = kOldClaim;
  conf.token = "tok-of-the-space";
  conf.rooms = "r9";
  put(n.dir() / "cloud.conf", format_cloud_conf(conf));
}

std::string claim__copy_of_another_machine__changes_nothing_and_names_the_command() {
  Node n;
  make_copy(n);
  const auto report = n.run();
  EXPECT(report.exit == ExitCode::local_files);
  EXPECT(contains(report.message, kMachineGuid) && contains(report.message, kOldClaim));
  EXPECT(contains(report.message, "claim --reclaim"));
  EXPECT_EQ(n.calls.size(), 0U);
  EXPECT_EQ(n.disk.steps, 0);
  return {};
}

std::string reclaim__copy_of_another_machine__is_a_new_node_with_the_token_and_rooms_of_the_copy() {
  Node n;
  make_copy(n);
  n.options.reclaim = true;
  n.options.token.reset();
  n.options.url.reset();
  n.answers = {HttpAnswer{204, ""}};
  EXPECT(n.run().exit == ExitCode::claimed);
  EXPECT(contains(n.calls.at(0).body, "tok-of-the-space") && contains(n.calls.at(0).body, "\"r9\""));
  EXPECT(n.calls.at(0).url.starts_with("https://old.test/"));
  const auto id = load_identity(n.dir(), kMachineGuid);
  EXPECT(id.standing == Standing::claimed);
  EXPECT(id.claim_id != kOldClaim);
  EXPECT_EQ(id.conf.machine_guid, kMachineGuid);
  EXPECT_EQ(get(n.dir() / "private.pem"), some_private_pem(1));
  return {};
}

std::string reclaim__with_another_token__does_not_take_the_old_rooms() {
  Node n;
  make_copy(n);
  n.options.reclaim = true;
  n.answers = {HttpAnswer{204, ""}};
  EXPECT(n.run().exit == ExitCode::claimed);
  EXPECT(contains(n.calls.at(0).body, "tok-secret") && !contains(n.calls.at(0).body, "\"r9\""));
  return {};
}

std::string claim__settings_of_files__are_used() {
  Node n;
  n.answers = {HttpAnswer{204, ""}};
  n.options.url.reset();
  put(n.lib() / "netdata.conf", "[registry]\n    registry hostname = reg-host\n");
  std::filesystem::create_directory(n.dir());
  put(n.dir() / "cloud.conf", "[global]\n  cloud base url = https://mine.test\n  insecure = yes\n");
  EXPECT(n.run().exit == ExitCode::claimed);
  EXPECT(n.calls[0].url.starts_with("https://mine.test/"));
  EXPECT(n.calls[0].insecure);
  EXPECT(contains(n.calls[0].body, "reg-host"));
  EXPECT(contains(n.said, "NOT verified"));
  EXPECT(load_identity(n.dir()).conf.insecure);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(claim__granted__sends_what_it_writes),
    ACLK_TEST(claim__no_secret__is_ever_printed),
    ACLK_TEST(claim__each_attempt__has_a_new_claim_id_and_the_same_key),
    ACLK_TEST(claim__existing_private_key__is_kept),
    ACLK_TEST(claim__claimed_already__says_so_and_touches_nothing),
    ACLK_TEST(claim__copy_of_the_id_lost_in_a_crash__is_written_by_the_next_run),
    ACLK_TEST(reclaim__granted__replaces_key_and_id),
    ACLK_TEST(claim__copy_of_another_machine__changes_nothing_and_names_the_command),
    ACLK_TEST(reclaim__copy_of_another_machine__is_a_new_node_with_the_token_and_rooms_of_the_copy),
    ACLK_TEST(reclaim__with_another_token__does_not_take_the_old_rooms),
    ACLK_TEST(claim__settings_of_files__are_used),
};

}  // namespace
}  // namespace test_claim_node

int run_claim_node_tests() {
  return cmocka_run_group_tests_name("claim: granted", test_claim_node::tests, nullptr, nullptr);
}
