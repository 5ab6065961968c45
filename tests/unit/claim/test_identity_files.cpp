// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/identity.h"

#include "claim/cloud_dir.h"
#include "tests/unit/claim/node_fixture.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_identity_files {
using namespace aclk;
using namespace aclk::claim;
using namespace aclk::test;

namespace {

constexpr auto kNew = "21111111-2222-4333-8444-555555555555";

NewIdentity new_identity() {
  NewIdentity id{some_private_pem(1), public_pem_of(some_private_pem(1)), {}};
  id.conf.claimed_id = kNew;
  id.conf.url = "https://new.test";
  id.conf.token = "tok";
  return id;
}

// A node that is claimed must be all of one claim: id, cloud and key.
std::string check_whole(const std::filesystem::path &dir, bool had_old) {
  const auto id = load_identity(dir);
  if (id.standing == Standing::not_claimed) return {};
  EXPECT(id.standing == Standing::claimed);
  const bool is_new = id.claim_id == kNew;
  EXPECT(is_new || (had_old && id.claim_id == kOldClaim));
  EXPECT_EQ(id.conf.url, is_new ? "https://new.test" : "https://old.test");
  EXPECT_EQ(get(id.private_key), some_private_pem(is_new ? 1 : 0));
  const auto copy = get(dir / "claimed_id");
  EXPECT(copy == "(none)" || copy == id.claim_id);
  return {};
}

int steps_needed(bool had_old) {
  Node n;
  if (had_old) n.write_old_claim();
  std::filesystem::create_directory(n.dir());
  (void)write_identity(n.disk, n.dir(), new_identity(),
                       had_old ? std::optional<CloudConf>(load_identity(n.dir()).conf) : std::nullopt);
  return n.disk.steps;
}

std::string crash_or_error_at_every_step(bool had_old, bool dead) {
  const int steps = steps_needed(had_old);
  EXPECT(steps > 8);
  for (int k = 0; k < steps; ++k) {
    Node n;
    if (had_old) n.write_old_claim();
    std::filesystem::create_directory(n.dir());
    const auto in_force = had_old ? std::optional<CloudConf>(load_identity(n.dir()).conf) : std::nullopt;
    std::string trouble;
    n.disk.fail_at = k;
    n.disk.dead = dead;
    n.disk.after_each = [&] {
      if (trouble.empty()) trouble = check_whole(n.dir(), had_old);
    };
    const auto r = write_identity(n.disk, n.dir(), new_identity(), in_force);
    EXPECT(!r);
    EXPECT_EQ(trouble, "");
    if (auto t = check_whole(n.dir(), had_old); !t.empty()) return "step " + std::to_string(k) + ": " + t;
    // Nothing had been touched before all was staged.
    if (k < 4) EXPECT(load_identity(n.dir()).claim_id == (had_old ? kOldClaim : ""));
    // And the next run works, and leaves nothing lying about.
    EXPECT(CloudDir::open(n.dir()));
    EXPECT(write_identity(*real_disk(), n.dir(), new_identity(), load_identity(n.dir()).conf));
    EXPECT_EQ(load_identity(n.dir()).claim_id, kNew);
    EXPECT_EQ(names_in(n.dir()).size(), 4U);
  }
  return {};
}

std::string files__written__have_text_and_modes() {
  Node n;
  std::filesystem::create_directory(n.dir());
  EXPECT(write_identity(n.disk, n.dir(), new_identity(), std::nullopt));
  EXPECT(names_in(n.dir()) == (std::vector<std::string>{"claimed_id", "cloud.conf", "private.pem", "public.pem"}));
  EXPECT_EQ(get(n.dir() / "claimed_id"), kNew);
  EXPECT_EQ(get(n.dir() / "private.pem"), some_private_pem(1));
  EXPECT_EQ(get(n.dir() / "public.pem"), public_pem_of(some_private_pem(1)));
  EXPECT_EQ(mode_of(n.dir() / "private.pem"), 0600U);
  for (const auto *name : {"claimed_id", "cloud.conf", "public.pem"}) EXPECT_EQ(mode_of(n.dir() / name), 0660U);
  EXPECT(load_identity(n.dir()).standing == Standing::claimed);
  return {};
}

std::string files__crash_at_every_step_of_a_first_claim__never_half() {
  return crash_or_error_at_every_step(false, true);
}
std::string files__crash_at_every_step_of_a_reclaim__never_half() { return crash_or_error_at_every_step(true, true); }
std::string files__error_at_every_step_of_a_first_claim__never_half() {
  return crash_or_error_at_every_step(false, false);
}
std::string files__error_at_every_step_of_a_reclaim__never_half() { return crash_or_error_at_every_step(true, false); }

std::string files__error_while_staging__leaves_no_file_behind() {
  Node n;
  std::filesystem::create_directory(n.dir());
  n.disk.fail_at = 2;
  EXPECT(!write_identity(n.disk, n.dir(), new_identity(), std::nullopt));
  EXPECT_EQ(names_in(n.dir()).size(), 0U);
  return {};
}

std::string files__old_claim_known_from_the_file_alone__is_withdrawn_too() {
  Node n;
  n.write_old_claim();
  put(n.dir() / "cloud.conf", "[global]\n url = https://old.test\n");  // as netdata-claim.sh leaves it
  const auto in_force = load_identity(n.dir());
  EXPECT_EQ(in_force.claim_id, kOldClaim);
  std::string trouble;
  n.disk.after_each = [&] {
    if (trouble.empty()) trouble = check_whole(n.dir(), true);
  };
  EXPECT(write_identity(n.disk, n.dir(), new_identity(), in_force.conf));
  EXPECT_EQ(trouble, "");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(files__written__have_text_and_modes),
    ACLK_TEST(files__crash_at_every_step_of_a_first_claim__never_half),
    ACLK_TEST(files__crash_at_every_step_of_a_reclaim__never_half),
    ACLK_TEST(files__error_at_every_step_of_a_first_claim__never_half),
    ACLK_TEST(files__error_at_every_step_of_a_reclaim__never_half),
    ACLK_TEST(files__error_while_staging__leaves_no_file_behind),
    ACLK_TEST(files__old_claim_known_from_the_file_alone__is_withdrawn_too),
};

}  // namespace
}  // namespace test_identity_files

int run_identity_files_tests() {
  return cmocka_run_group_tests_name("claim: files", test_identity_files::tests, nullptr, nullptr);
}
