// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_retry.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "claim/base/files.h"
#include "claim/file_watch.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/temp_dir.h"

namespace test_claim_retry_policy {
using namespace aclk;
using namespace aclk::claim;
using namespace std::chrono_literals;

namespace {

constexpr ClaimRetryPolicy::Time kT0{1h};

std::string retry_policy__nothing_written_down__never_starts() {
  ClaimRetryPolicy c;
  EXPECT(!c.on_look(kT0, 0, 7) && !c.next());
  return {};
}

std::string retry_policy__new_files_or_identity__starts_once_for_each() {
  ClaimRetryPolicy c;
  EXPECT(c.on_look(kT0, 1, 7));
  EXPECT(!c.on_look(kT0, 2, 7));  // one at a time
  EXPECT(!c.on_end(kT0, ClaimEnd::settled, 8));
  EXPECT(!c.on_look(kT0 + 1h, 1, 8) && !c.next());
  EXPECT(c.on_look(kT0, 3, 8));
  (void)c.on_end(kT0, ClaimEnd::settled, 8);
  EXPECT(c.on_look(kT0, 3, 9));
  return {};
}

std::string retry_policy__file_corrected_while_it_ran__begins_again_at_once() {
  for (const bool later : {false, true}) {
    ClaimRetryPolicy c;
    EXPECT(c.on_look(kT0, 1, 7));
    EXPECT(!c.on_look(kT0, 2, 7));
    EXPECT_EQ(c.on_end(kT0, later ? ClaimEnd::try_again : ClaimEnd::settled, 7).has_value(), later);
    EXPECT(c.on_look(kT0, 2, 7) && c.running() == ClaimTry::first);
  }
  return {};
}

std::string retry_policy__cloud_away__tries_later_and_later_and_at_once_when_a_file_changes() {
  ClaimRetryPolicy c;
  auto now = kT0;
  EXPECT(c.on_look(now, 1, 7));
  for (const auto pause : {30s, 60s, 120s, 240s, 480s, 960s, 1800s, 1800s}) {
    EXPECT(c.on_end(now, ClaimEnd::try_again, 7) == pause);
    EXPECT(!c.on_look(now, 1, 7) && !c.on_time(now + pause - 1s));
    now += pause;
    EXPECT(c.on_time(now) && c.on_look(now, 1, 7));
  }
  EXPECT(c.on_end(now, ClaimEnd::try_again, 7) == 1800s);
  EXPECT(c.on_look(now, 5, 7));
  EXPECT(c.on_end(now, ClaimEnd::try_again, 7) == 30s);
  EXPECT(!c.on_look(now, 0, 7) && !c.next());  // taken back
  return {};
}

std::string retry_policy__order__begins_anew_what_was_settled() {
  ClaimRetryPolicy c;
  EXPECT(c.on_look(kT0, 1, 7));
  c.on_order();  // it runs already
  EXPECT(!c.on_end(kT0, ClaimEnd::settled, 7));
  EXPECT(!c.on_look(kT0, 1, 7));
  c.on_order();
  EXPECT(!c.on_look(kT0, 0, 7));  // nothing is written down
  EXPECT(c.on_look(kT0, 1, 7) && c.running() == ClaimTry::first);
  EXPECT(c.on_end(kT0, ClaimEnd::try_again, 7).has_value());
  EXPECT(c.on_look(kT0 + 30s, 1, 7) && c.running() == ClaimTry::repeated);
  (void)c.on_end(kT0, ClaimEnd::try_again, 7);
  c.on_order();
  EXPECT(c.on_look(kT0, 1, 7) && c.running() == ClaimTry::first);
  return {};
}

std::string claim_log__cloud_away__is_told_once_then_summed_up_and_its_end_is_told() {
  std::string log;
  ClaimLog s([&](ClaimLine kind, const std::string &line) {
    log += (kind == ClaimLine::failure ? "E " : "I ") + line + "\n";
  });
  const auto once = [&](ClaimTry which) {
    s.begin(which);
    s.line(ClaimLine::news, "claiming node1 at https://cloud");
    s.line(ClaimLine::failure, "Failed: Netdata Cloud is unavailable");
  };
  Outage::Moment at{kT0, 0};
  once(ClaimTry::first);
  s.end(30s, at);
  EXPECT(log ==
         "I claiming node1 at https://cloud\nE Failed: Netdata Cloud is unavailable\nI trying again in 30 s, or when "
         "what asks for the claim changes\n");
  log.clear();
  for (int n = 2; n <= 4; ++n) {
    EXPECT(log.empty());
    at.now += 60s;
    once(ClaimTry::repeated);
    s.end(240s, at);
  }
  EXPECT(log.starts_with("E still not claimed: Failed: Netdata Cloud is unavailable; 4 attempts since "));
  EXPECT(log.ends_with(", the next in 4 min\n"));
  log.clear();
  at.now += 240s;
  s.begin(ClaimTry::repeated);
  s.line(ClaimLine::news, "claiming node1 at https://cloud");
  s.line(ClaimLine::news, "changed: claimed");
  s.end(std::nullopt, at);
  EXPECT(log == "I changed: claimed\nI it worked after 5 attempts in 7 min\n");
  return {};
}

std::string claim_log__changed_file__is_told_in_full_again() {
  std::string log;
  ClaimLog s([&](ClaimLine /*kind*/, const std::string &line) { log += line + "\n"; });
  for (int n = 0; n < 2; ++n) {
    log.clear();
    s.begin(ClaimTry::first);
    s.line(ClaimLine::news, "claiming");
    s.line(ClaimLine::failure, "Failed: token is expired, not found, or invalid");
    s.end(std::nullopt, {kT0, 0});
    EXPECT(log == "claiming\nFailed: token is expired, not found, or invalid\n");
  }
  return {};
}

std::string claim_log__outcome__says_what_came_of_it_and_when_it_is_tried_again() {
  ClaimLog s([](ClaimLine, const std::string &) {});
  EXPECT(!s.outcome().any() && !s.outcome().runs);
  s.begin(ClaimTry::first);
  EXPECT(s.outcome().runs && !s.outcome().any());
  s.line(ClaimLine::news, "claiming node1");
  s.line(ClaimLine::failure, "Failed: away (asked for by claim.conf)");
  s.end(30s, {kT0, 1000});
  const auto first = s.outcome();
  EXPECT_EQ(first.line, "Failed: away (asked for by claim.conf)");
  EXPECT(first.bad && !first.runs);
  EXPECT(first.attempts == 1 && first.since_s == 1000 && first.ended_s == 1000 && first.next_s == 1030);
  s.begin(ClaimTry::repeated);
  EXPECT(s.outcome().runs && s.outcome().any());  // what is known stays while it is tried again
  s.line(ClaimLine::failure, "Failed: away");
  s.line(ClaimLine::failure, "and the other one");
  s.end(60s, {kT0, 1031});
  EXPECT_EQ(s.outcome().line, "Failed: away; and the other one");
  EXPECT(s.outcome().attempts == 2 && s.outcome().since_s == 1000 && s.outcome().next_s == 1091);
  s.begin(ClaimTry::first);  // somebody corrected the file
  s.line(ClaimLine::failure, "Failed: token");
  s.end(std::nullopt, {kT0, 2000});
  EXPECT(s.outcome().bad && s.outcome().attempts == 1 && s.outcome().since_s == 2000 && s.outcome().next_s == 0);
  s.begin(ClaimTry::first);
  s.line(ClaimLine::news, "claiming node1");
  s.line(ClaimLine::news, "changed: claimed now");
  s.end(std::nullopt, {kT0, 3000});
  EXPECT_EQ(s.outcome().line, "changed: claimed now");
  EXPECT(!s.outcome().bad && s.outcome().attempts == 0);
  s.forget();
  EXPECT(!s.outcome().any());
  return {};
}

std::string claim_print__of_identity_files__changes_with_content_only() {
  const aclk::test::TempDir d;
  const auto cloud = d / "cloud.d";
  const auto none = identity_print(cloud, std::nullopt);
  std::filesystem::create_directory(cloud);
  EXPECT_EQ(identity_print(cloud, std::nullopt), none);
  EXPECT(write_file_atomically(cloud / "aclk.db", "x", 0600));
  EXPECT_EQ(identity_print(cloud, std::nullopt), none);
  auto last = none;
  for (const auto name : kIdentityFiles) {
    EXPECT(write_file_atomically(cloud / name, "", 0600));
    const auto print = identity_print(cloud, std::nullopt);
    EXPECT(print != last);
    last = print;
    EXPECT(write_file_atomically(cloud / name, "", 0640));
    EXPECT_EQ(identity_print(cloud, std::nullopt), last);
  }
  EXPECT(identity_print(cloud, std::nullopt, "scope = x") != last);
  EXPECT(identity_print(cloud, Limit{true, "why"}) != last);
  return {};
}

std::string file_watch__follows_the_directory_from_before_it_exists() {
  const aclk::test::TempDir d;
  const auto cloud = d / "lib" / "cloud.d";
  FileWatch w(cloud, kCloudFiles);
  EXPECT(w.fd() >= 0);
  EXPECT(!w.take());
  std::filesystem::create_directory(d / "lib");
  EXPECT(w.take());
  std::filesystem::create_directory(cloud);
  EXPECT(w.take());
  EXPECT(write_file_atomically(cloud / "aclk.db", "x", 0600));
  EXPECT(write_file_atomically(cloud / "aclk.db-wal", "x", 0600));
  EXPECT(!w.take());
  EXPECT(write_file_atomically(cloud / "cloud.conf", "x", 0600));
  EXPECT(w.take());
  EXPECT(!w.take());
  std::filesystem::remove(cloud / "cloud.conf");
  EXPECT(w.take());
  std::filesystem::remove_all(cloud);
  EXPECT(w.take());
  std::filesystem::create_directory(cloud);
  EXPECT(w.take());
  EXPECT(write_file_atomically(cloud / "claimed_id", "x", 0600));
  EXPECT(w.take());
  return {};
}

// Somebody whom file modes concern, while it lives.
struct NotRoot {
  NotRoot() {
    if (was_root && ::seteuid(65534) != 0) std::abort();
  }
  ~NotRoot() {
    if (was_root && ::seteuid(0) != 0) std::abort();
  }
  NotRoot(const NotRoot &) = delete;
  NotRoot &operator=(const NotRoot &) = delete;
  const bool was_root = ::geteuid() == 0;
};

std::string file_watch__directory_that_cannot_be_read__says_so_and_can_be_tried_again() {
  const aclk::test::TempDir d;
  const auto cloud = d / "cloud.d";
  std::filesystem::create_directory(cloud);
  EXPECT(::chmod(d.path().c_str(), 0755) == 0 && ::chmod(cloud.c_str(), 0) == 0);
  std::optional<FileWatch> w;
  {
    const NotRoot nobody;
    w.emplace(cloud, kCloudFiles);
    EXPECT(w->fd() >= 0 && !w->watching());
    w->watch();
    EXPECT(!w->watching());
  }
  EXPECT_EQ(::chmod(cloud.c_str(), 0755), 0);
  {
    const NotRoot nobody;
    w->watch();
    EXPECT(w->watching() && !w->take());
  }
  EXPECT(write_file_atomically(cloud / "cloud.conf", "x", 0600));
  EXPECT(w->take() && w->watching());
  return {};
}

std::string file_watch__kubernetes_swaps_its_data_link__looks() {
  const aclk::test::TempDir tmp;
  std::filesystem::create_directory(tmp / "..v1");
  std::filesystem::create_directory(tmp / "..v2");
  std::ofstream(tmp / "..v1" / "claim.conf") << "[global]\n token = old\n";
  std::ofstream(tmp / "..v2" / "claim.conf") << "[global]\n token = new\n";
  std::filesystem::create_symlink("..v1", tmp / "..data");
  std::filesystem::create_symlink("..data/claim.conf", tmp / "claim.conf");
  FileWatch watch(tmp.path(), kConfigFiles);
  if (watch.fd() < 0) return {};  // no inotify instance left on this machine
  EXPECT(!watch.take());
  std::ofstream(tmp / "other") << "x";
  EXPECT(!watch.take());
  std::filesystem::create_symlink("..v2", tmp / "..data_tmp");
  std::filesystem::rename(tmp / "..data_tmp", tmp / "..data");
  EXPECT(watch.take());
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(file_watch__kubernetes_swaps_its_data_link__looks),
    ACLK_TEST(retry_policy__nothing_written_down__never_starts),
    ACLK_TEST(retry_policy__new_files_or_identity__starts_once_for_each),
    ACLK_TEST(retry_policy__file_corrected_while_it_ran__begins_again_at_once),
    ACLK_TEST(retry_policy__cloud_away__tries_later_and_later_and_at_once_when_a_file_changes),
    ACLK_TEST(claim_print__of_identity_files__changes_with_content_only),
    ACLK_TEST(file_watch__follows_the_directory_from_before_it_exists),
    ACLK_TEST(file_watch__directory_that_cannot_be_read__says_so_and_can_be_tried_again),
    ACLK_TEST(retry_policy__order__begins_anew_what_was_settled),
    ACLK_TEST(claim_log__cloud_away__is_told_once_then_summed_up_and_its_end_is_told),
    ACLK_TEST(claim_log__changed_file__is_told_in_full_again),
    ACLK_TEST(claim_log__outcome__says_what_came_of_it_and_when_it_is_tried_again),
};

}  // namespace
}  // namespace test_claim_retry_policy

int run_claim_retry_policy_tests() {
  return cmocka_run_group_tests_name("claim: claimer", test_claim_retry_policy::tests, nullptr, nullptr);
}
