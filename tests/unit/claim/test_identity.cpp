// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/identity.h"

#include "claim/cloud_dir.h"
#include "tests/unit/claim/node_fixture.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_identity {
using namespace aclk;
using namespace aclk::claim;
using namespace aclk::test;

namespace {

constexpr auto kId = "21111111-2222-4333-8444-555555555555";

std::string identity__empty_or_missing_directory__is_not_claimed() {
  const TempDir tmp;
  for (const auto &dir : {tmp.path(), tmp.path() / "nowhere"}) {
    const auto id = load_identity(dir);
    EXPECT(id.standing == Standing::not_claimed);
    EXPECT_EQ(id.why, "Agent is not claimed yet");
    EXPECT_EQ(id.conf.url, kDefaultCloudUrl);
    EXPECT(!id.trust_file);
  }
  EXPECT(!std::filesystem::exists(tmp.path() / "nowhere"));
  return {};
}

std::string identity__id_from_file_or_conf__is_claimed_and_conf_wins() {
  const TempDir tmp;
  put(tmp.path() / "private.pem", some_private_pem());
  put(tmp.path() / "claimed_id", "C2CA106C-DE7D-490C-BE70-C5DD7438BA1E\n");
  auto id = load_identity(tmp.path());
  EXPECT(id.standing == Standing::claimed);
  EXPECT_EQ(id.claim_id, kMachineGuid);
  EXPECT_EQ(id.why, "");
  put(tmp.path() / "cloud.conf", std::string("[global]\n claimed_id = ") + kId + "\n url = https://x\n");
  id = load_identity(tmp.path());
  EXPECT_EQ(id.claim_id, kId);
  EXPECT_EQ(id.conf.url, "https://x");
  EXPECT_EQ(id.private_key.string(), (tmp.path() / "private.pem").string());
  return {};
}

std::string identity__enabled_no__is_disabled_whatever_else_there_is() {
  const TempDir tmp;
  put(tmp.path() / "private.pem", some_private_pem());
  put(tmp.path() / "claimed_id", kId);
  put(tmp.path() / "cloud.conf", "[global]\n    enabled = no\n");
  const auto id = load_identity(tmp.path());
  EXPECT(id.standing == Standing::disabled);
  EXPECT(!id.why.empty());
  return {};
}

std::string identity__id_that_is_no_uuid__is_not_claimed_and_says_so() {
  const TempDir tmp;
  put(tmp.path() / "claimed_id", "x\x1b[31m");
  auto id = load_identity(tmp.path());
  EXPECT(id.standing == Standing::not_claimed);
  EXPECT_EQ(id.why,
            "claimed_id 'x?[31m' (loaded from '" + (tmp.path() / "claimed_id").string() + "'), is not a valid UUID.");
  put(tmp.path() / "claimed_id", " \n");
  EXPECT_EQ(load_identity(tmp.path()).why, "Agent is not claimed yet");
  put(tmp.path() / "claimed_id", std::string(5000, 'a'));
  EXPECT(load_identity(tmp.path()).standing == Standing::broken);
  return {};
}

std::string identity__private_key_missing_or_unusable__is_broken() {
  const TempDir tmp;
  put(tmp.path() / "claimed_id", kId);
  auto id = load_identity(tmp.path());
  EXPECT(id.standing == Standing::broken);
  EXPECT(id.why.starts_with("Claimed agent cannot establish ACLK - unable to load private key"));
  EXPECT_EQ(id.claim_id, kId);
  put(tmp.path() / "private.pem", "garbage");
  EXPECT(load_identity(tmp.path()).standing == Standing::broken);
  put(tmp.path() / "private.pem", std::string(100'000, 'x'));
  EXPECT(load_identity(tmp.path()).standing == Standing::broken);
  return {};
}

std::string identity__machine_guid_of_another_machine__is_a_copy_with_both_ids_and_the_command() {
  const TempDir tmp;
  put(tmp.path() / "private.pem", some_private_pem());
  put(tmp.path() / "cloud.conf",
      std::string("[global]\n claimed_id = ") + kId + "\n machine_guid = " + kOldClaim + "\n");
  const auto id = load_identity(tmp.path(), kMachineGuid);
  EXPECT(id.standing == Standing::copied);
  for (const auto *part :
       {kId, kOldClaim, kMachineGuid, "netdata-aclk claim --reclaim", "registry/netdata.public.unique.id"})
    EXPECT(id.why.find(part) != std::string::npos);
  // In any notation; and not when one of the two is not known.
  EXPECT(load_identity(tmp.path(), "000000000000400080000000000000AA").standing == Standing::claimed);
  EXPECT(load_identity(tmp.path()).standing == Standing::claimed);
  put(tmp.path() / "cloud.conf", std::string("[global]\n claimed_id = ") + kId + "\n");
  EXPECT(load_identity(tmp.path(), kMachineGuid).standing == Standing::claimed);
  put(tmp.path() / "cloud.conf", std::string("[global]\n claimed_id = ") + kId + "\n machine_guid = x\x1b\n");
  EXPECT(load_identity(tmp.path(), kMachineGuid).standing == Standing::copied);
  EXPECT(load_identity(tmp.path(), kMachineGuid).why.find('\x1b') == std::string::npos);
  return {};
}

std::string identity__copy_with_enabled_no__is_disabled() {
  const TempDir tmp;
  put(tmp.path() / "cloud.conf",
      std::string("[global]\n enabled = no\n claimed_id = ") + kId + "\n machine_guid = " + kOldClaim + "\n");
  EXPECT(load_identity(tmp.path(), kMachineGuid).standing == Standing::disabled);
  return {};
}

std::string identity__public_key_of_another_pair__is_broken_and_says_so() {
  const TempDir tmp;
  put(tmp.path() / "claimed_id", kId);
  put(tmp.path() / "private.pem", some_private_pem(0));
  put(tmp.path() / "public.pem", public_pem_of(some_private_pem(1)));
  const auto id = load_identity(tmp.path());
  EXPECT(id.standing == Standing::broken);
  EXPECT(id.why.find("are not halves of one key pair") != std::string::npos);
  put(tmp.path() / "public.pem", public_pem_of(some_private_pem(0)));
  EXPECT(load_identity(tmp.path()).standing == Standing::claimed);
  put(tmp.path() / "public.pem", "garbage");  // it is not what the cloud is answered with
  EXPECT(load_identity(tmp.path()).standing == Standing::claimed);
  return {};
}

std::string identity__cloud_conf_that_cannot_be_read__is_broken_not_defaults() {
  const TempDir tmp;
  put(tmp.path() / "private.pem", some_private_pem());
  put(tmp.path() / "claimed_id", kId);
  std::filesystem::create_directory(tmp.path() / "cloud.conf");
  const auto id = load_identity(tmp.path());
  EXPECT(id.standing == Standing::broken);
  EXPECT(id.why.find("cloud.conf") != std::string::npos);
  return {};
}

std::string identity__trust_file__is_trusted_pem_before_the_full_chain() {
  const TempDir tmp;
  put(tmp.path() / "cloud_fullchain.pem", "b");
  EXPECT_EQ(load_identity(tmp.path()).trust_file->filename().string(), "cloud_fullchain.pem");
  put(tmp.path() / "trusted.pem", "a");
  EXPECT_EQ(load_identity(tmp.path()).trust_file->filename().string(), "trusted.pem");
  return {};
}

std::string machine_guid__each_trouble__has_its_sentence() {
  const TempDir tmp;
  const auto absent = read_machine_guid(tmp.path());
  EXPECT(!absent && absent.error().code == Errc::not_found);
  EXPECT(absent.error().what.find("start it once") != std::string::npos);
  std::filesystem::create_directory(tmp.path() / "registry");
  const auto file = tmp.path() / "registry" / "netdata.public.unique.id";
  put(file, "C2CA106C-DE7D-490C-BE70-C5DD7438BA1E");
  EXPECT_EQ(read_machine_guid(tmp.path()).value_or(""), kMachineGuid);
  put(file, "no uuid");
  EXPECT(read_machine_guid(tmp.path()).error().code == Errc::parse);
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  EXPECT(read_machine_guid(tmp.path()).error().what.starts_with("netdata.public.unique.id is not readable."));
  return {};
}

std::string cloud_dir__opened__is_made_locked_and_swept() {
  const TempDir tmp;
  const auto dir = tmp.path() / "cloud.d";
  {
    const auto held = CloudDir::open(dir);
    EXPECT(held);
    EXPECT_EQ(mode_of(dir), 0770U);
    const auto second = CloudDir::open(dir);
    EXPECT(!second && second.error().code == Errc::unavailable);
  }
  put(dir / ".claim-private.pem.0123", "left by a killed run");
  put(dir / "trusted.pem", "stays");
  std::filesystem::permissions(dir, std::filesystem::perms(0755));
  EXPECT(CloudDir::open(dir));
  EXPECT(names_in(dir) == std::vector<std::string>{"trusted.pem"});
  EXPECT_EQ(mode_of(dir), 0770U);
  EXPECT(CloudDir::open(tmp.path() / "no" / "cloud.d").error().code == Errc::not_found);
  put(tmp.path() / "file", "");
  EXPECT(!CloudDir::open(tmp.path() / "file"));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(identity__empty_or_missing_directory__is_not_claimed),
    ACLK_TEST(identity__id_from_file_or_conf__is_claimed_and_conf_wins),
    ACLK_TEST(identity__enabled_no__is_disabled_whatever_else_there_is),
    ACLK_TEST(identity__id_that_is_no_uuid__is_not_claimed_and_says_so),
    ACLK_TEST(identity__private_key_missing_or_unusable__is_broken),
    ACLK_TEST(identity__machine_guid_of_another_machine__is_a_copy_with_both_ids_and_the_command),
    ACLK_TEST(identity__copy_with_enabled_no__is_disabled),
    ACLK_TEST(identity__public_key_of_another_pair__is_broken_and_says_so),
    ACLK_TEST(identity__cloud_conf_that_cannot_be_read__is_broken_not_defaults),
    ACLK_TEST(identity__trust_file__is_trusted_pem_before_the_full_chain),
    ACLK_TEST(machine_guid__each_trouble__has_its_sentence),
    ACLK_TEST(cloud_dir__opened__is_made_locked_and_swept),
};

}  // namespace
}  // namespace test_identity

int run_identity_tests() {
  return cmocka_run_group_tests_name("claim: identity", test_identity::tests, nullptr, nullptr);
}
