// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/cloud_dir.h"

#include <unistd.h>

#include "tests/unit/claim/node_fixture.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_cloud_dir_permissions {
using namespace aclk;
using namespace aclk::claim;
using namespace aclk::test;
namespace fs = std::filesystem;

namespace {

void mode(const fs::path &file, unsigned bits) { fs::permissions(file, static_cast<fs::perms>(bits)); }

// A directory as the claim leaves it.
void fill(const fs::path &dir) {
  mode(dir, 0770);
  put(dir / "private.pem", some_private_pem());
  put(dir / "public.pem", public_pem_of(some_private_pem()));
  put(dir / "cloud.conf", "[global]\n");
  put(dir / "claimed_id", kOldClaim);
  mode(dir / "private.pem", 0600);
  for (const auto *name : {"public.pem", "cloud.conf", "claimed_id"}) mode(dir / name, 0660);
}

std::string permissions__all_is_well__does_and_says_nothing() {
  const TempDir tmp;
  fill(tmp.path());
  const auto u = repair_permissions(tmp.path());
  EXPECT(u.repaired.empty() && u.wrong.empty());
  const auto none = repair_permissions(tmp.path() / "nowhere");
  EXPECT(none.repaired.empty() && none.wrong.empty());
  return {};
}

std::string permissions__files_open_to_others__are_closed_and_named() {
  const TempDir tmp;
  fill(tmp.path());
  mode(tmp.path(), 0755);
  mode(tmp.path() / "private.pem", 0644);
  mode(tmp.path() / "cloud.conf", 0777);
  mode(tmp.path() / "claimed_id", 0664);
  const auto u = repair_permissions(tmp.path());
  EXPECT_EQ(u.repaired.size(), 4U);
  EXPECT(u.wrong.empty());
  EXPECT_EQ(mode_of(tmp.path()), 0750U);
  EXPECT_EQ(mode_of(tmp.path() / "private.pem"), 0600U);
  EXPECT_EQ(mode_of(tmp.path() / "cloud.conf"), 0770U);  // what users were told to set, but for the others
  EXPECT_EQ(mode_of(tmp.path() / "claimed_id"), 0660U);
  EXPECT(u.repaired[1].find("private.pem was open to other users (mode 0644)") != std::string::npos);
  EXPECT(repair_permissions(tmp.path()).repaired.empty());
  return {};
}

std::string permissions__modes__never_get_wider() {
  const TempDir tmp;
  fill(tmp.path());
  mode(tmp.path() / "private.pem", 0400);
  mode(tmp.path() / "cloud.conf", 0600);
  EXPECT(repair_permissions(tmp.path()).repaired.empty());
  EXPECT_EQ(mode_of(tmp.path() / "private.pem"), 0400U);
  EXPECT_EQ(mode_of(tmp.path() / "cloud.conf"), 0600U);
  return {};
}

std::string permissions__public_key_missing_or_damaged__is_derived_again() {
  const TempDir tmp;
  fill(tmp.path());
  const auto file = tmp.path() / "public.pem";
  const auto right = get(file);
  fs::remove(file);
  EXPECT_EQ(repair_permissions(tmp.path()).repaired.size(), 1U);
  EXPECT_EQ(get(file), right);
  put(file, "garbage");
  EXPECT_EQ(repair_permissions(tmp.path()).repaired.size(), 1U);
  EXPECT_EQ(get(file), right);
  EXPECT_EQ(mode_of(file), 0660U);
  return {};
}

// Which of the two is right is not known here.
std::string permissions__public_key_of_another_pair__is_left_alone() {
  const TempDir tmp;
  fill(tmp.path());
  const auto other = public_pem_of(some_private_pem(1));
  put(tmp.path() / "public.pem", other);
  EXPECT(repair_permissions(tmp.path()).repaired.empty());
  EXPECT_EQ(get(tmp.path() / "public.pem"), other);
  return {};
}

std::string permissions__symbolic_link__is_not_followed() {
  const TempDir tmp;
  fill(tmp.path());
  put(tmp.path() / "target", "");
  mode(tmp.path() / "target", 0666);
  fs::remove(tmp.path() / "cloud.conf");
  fs::create_symlink("target", tmp.path() / "cloud.conf");
  EXPECT(repair_permissions(tmp.path()).repaired.empty());
  EXPECT_EQ(mode_of(tmp.path() / "target"), 0666U);
  return {};
}

std::string permissions__file_of_another_user__is_reported_with_the_command() {
  if (::geteuid() != 0) return {};  // only root can make one
  const TempDir tmp;
  fill(tmp.path());
  if (::chown((tmp.path() / "private.pem").c_str(), 65534, 65534) != 0) return {};
  const auto u = repair_permissions(tmp.path());
  EXPECT_EQ(u.wrong.size(), 1U);
  EXPECT(u.wrong[0].find("private.pem belongs to nobody, and the agent runs as root") != std::string::npos);
  EXPECT(u.wrong[0].find("chown root: ") != std::string::npos);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(permissions__all_is_well__does_and_says_nothing),
    ACLK_TEST(permissions__files_open_to_others__are_closed_and_named),
    ACLK_TEST(permissions__modes__never_get_wider),
    ACLK_TEST(permissions__public_key_missing_or_damaged__is_derived_again),
    ACLK_TEST(permissions__public_key_of_another_pair__is_left_alone),
    ACLK_TEST(permissions__symbolic_link__is_not_followed),
    ACLK_TEST(permissions__file_of_another_user__is_reported_with_the_command),
};

}  // namespace
}  // namespace test_cloud_dir_permissions

int run_cloud_dir_permissions_tests() {
  return cmocka_run_group_tests_name("claim: permissions", test_cloud_dir_permissions::tests, nullptr, nullptr);
}
