// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/unclaim.h"

#include "claim/cloud_dir.h"
#include "claim/identity.h"
#include "tests/unit/claim/node_fixture.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_unclaim {
using namespace aclk;
using namespace aclk::claim;
using namespace aclk::test;
namespace fs = std::filesystem;

namespace {

bool contains(const std::string &text, std::string_view part) { return text.find(part) != std::string::npos; }

struct Claimed : Node {
  Claimed() {
    write_old_claim();
    for (const auto *name : {"aclk.db", "aclk.db-wal", "aclk.db-shm", "token", "rooms", "trusted.pem"})
      put(dir() / name, "x");
  }
  UnclaimOptions how() { return {dir(), lib(), lib() / "cache", "tester"}; }
  UnclaimEnvironment outside() {
    return {&disk, [](std::chrono::milliseconds) {}, [] { return std::string("2026-11-21 10:00:00"); },
            [this](const AgentFiles &) { return running; }};
  }
  ClaimReport unclaim() { return unclaim_node(how(), outside()); }
  std::optional<int> running;
};

std::string unclaim__claimed_node__loses_identity_and_state_and_keeps_settings_certificates_and_a_note() {
  Claimed n;
  const auto report = n.unclaim();
  EXPECT(report.exit == ExitCode::claimed);
  EXPECT(contains(report.message, "This node is unclaimed.") && contains(report.message, kOldClaim));
  EXPECT(names_in(n.dir()) == (std::vector<std::string>{"cloud.conf", "trusted.pem", "unclaimed"}));
  const auto id = load_identity(n.dir());
  EXPECT(id.standing == Standing::not_claimed);
  EXPECT_EQ(id.conf.url, "https://old.test");
  EXPECT(id.conf.token.empty() && id.conf.machine_guid.empty() && id.conf.claimed_id.empty());
  EXPECT_EQ(id.why, std::string("Agent is not claimed (2026-11-21 10:00:00 unclaimed ") + kOldClaim +
                        " at https://old.test by tester)");
  return {};
}

std::string unclaim__run_again__is_fine_and_keeps_the_note() {
  Claimed n;
  EXPECT(n.unclaim().exit == ExitCode::claimed);
  const auto again = n.unclaim();
  EXPECT(again.exit == ExitCode::claimed && contains(again.message, "This node is not claimed."));
  EXPECT(contains(unclaimed_note(n.dir()), kOldClaim));
  fs::remove_all(n.dir());
  EXPECT(n.unclaim().exit == ExitCode::claimed);
  EXPECT(!fs::exists(n.dir()));
  return {};
}

std::string unclaim__only_defaults_in_cloud_conf__removes_it() {
  Claimed n;
  CloudConf conf;
  conf.claimed_id = kOldClaim;
  conf.token = "t";
  put(n.dir() / "cloud.conf", format_cloud_conf(conf));
  EXPECT(n.unclaim().exit == ExitCode::claimed);
  EXPECT(!fs::exists(n.dir() / "cloud.conf"));
  return {};
}

std::string unclaim__switched_off_node__stays_switched_off() {
  Claimed n;
  auto conf = load_identity(n.dir()).conf;
  conf.enabled = false;
  put(n.dir() / "cloud.conf", format_cloud_conf(conf));
  EXPECT(n.unclaim().exit == ExitCode::claimed);
  EXPECT(load_identity(n.dir()).standing == Standing::disabled);
  EXPECT(!fs::exists(n.dir() / "private.pem"));
  return {};
}

// Whatever step fails, the next run finishes the work; and once something is gone, it is not claimed.
std::string unclaim__disk_that_breaks_at_any_step__is_finished_by_the_next_run() {
  for (int k = 0;; ++k) {
    Claimed n;
    n.disk.fail_at = k;
    n.disk.dead = true;
    const auto report = n.unclaim();
    if (n.disk.steps <= k) break;
    EXPECT(report.exit == ExitCode::local_files || fs::exists(n.dir() / "unclaimed"));
    if (!fs::exists(n.dir() / "private.pem")) EXPECT(load_identity(n.dir()).standing == Standing::not_claimed);
    n.disk.fail_at = -1;
    EXPECT(n.unclaim().exit == ExitCode::claimed);
    EXPECT(names_in(n.dir()) == (std::vector<std::string>{"cloud.conf", "trusted.pem", "unclaimed"}));
  }
  return {};
}

std::string unclaim__while_a_claim_runs__is_refused() {
  Claimed n;
  const auto held = CloudDir::open(n.dir());
  EXPECT(n.unclaim().exit == ExitCode::busy);
  EXPECT(load_identity(n.dir()).standing == Standing::claimed);
  return {};
}

std::string claim__after_unclaim__removes_the_note() {
  Claimed n;
  EXPECT(n.unclaim().exit == ExitCode::claimed);
  fs::remove(n.dir() / "trusted.pem");  // it holds no certificate
  n.answers = {HttpAnswer{204, ""}};
  EXPECT(n.run().exit == ExitCode::claimed);
  EXPECT(load_identity(n.dir()).standing == Standing::claimed);
  EXPECT(unclaimed_note(n.dir()).empty());
  return {};
}

std::string template__agent_stopped__loses_identity_and_machine_guid() {
  Claimed n;
  fs::create_directory(n.lib() / "cache");
  for (const auto &file : {n.lib() / "netdata_random_session_id", n.lib() / "status-netdata.json",
                           n.lib() / "cache" / "status-netdata.json", n.lib() / "cache" / "netdata-meta.db"})
    put(file, "x");
  const auto report = prepare_template(n.how(), n.outside());
  EXPECT(report.exit == ExitCode::claimed);
  EXPECT(contains(report.message, "ready to be copied"));
  EXPECT(names_in(n.dir()) == (std::vector<std::string>{"cloud.conf", "trusted.pem"}));
  EXPECT(!fs::exists(n.lib() / "registry" / "netdata.public.unique.id"));
  EXPECT(!fs::exists(n.lib() / "netdata_random_session_id") && !fs::exists(n.lib() / "status-netdata.json"));
  EXPECT(names_in(n.lib() / "cache") == std::vector<std::string>{"netdata-meta.db"});
  EXPECT_EQ(load_identity(n.dir()).why, "Agent is not claimed yet");
  EXPECT(prepare_template(n.how(), n.outside()).exit == ExitCode::claimed);
  return {};
}

std::string template__agent_running__is_refused_and_changes_nothing() {
  Claimed n;
  n.running = 42;
  const auto before = names_in(n.dir());
  const auto report = prepare_template(n.how(), n.outside());
  EXPECT(report.exit == ExitCode::local_files && contains(report.message, "process 42"));
  EXPECT(names_in(n.dir()) == before);
  EXPECT(fs::exists(n.lib() / "registry" / "netdata.public.unique.id"));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(unclaim__claimed_node__loses_identity_and_state_and_keeps_settings_certificates_and_a_note),
    ACLK_TEST(unclaim__run_again__is_fine_and_keeps_the_note),
    ACLK_TEST(unclaim__only_defaults_in_cloud_conf__removes_it),
    ACLK_TEST(unclaim__switched_off_node__stays_switched_off),
    ACLK_TEST(unclaim__disk_that_breaks_at_any_step__is_finished_by_the_next_run),
    ACLK_TEST(unclaim__while_a_claim_runs__is_refused),
    ACLK_TEST(claim__after_unclaim__removes_the_note),
    ACLK_TEST(template__agent_stopped__loses_identity_and_machine_guid),
    ACLK_TEST(template__agent_running__is_refused_and_changes_nothing),
};

}  // namespace
}  // namespace test_unclaim

int run_unclaim_tests() { return cmocka_run_group_tests_name("claim: unclaim", test_unclaim::tests, nullptr, nullptr); }
