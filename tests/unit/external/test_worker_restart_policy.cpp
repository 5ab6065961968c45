// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/wait.h>

#include <csignal>

#include "plugin-api/external/process/worker_restart_policy.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_worker_restart_policy {
namespace {

using namespace std::chrono_literals;
using State = WorkerRestartPolicy::State;

constexpr WorkerRestartPolicy::Time kT0{1h};
constexpr int exited(int status) { return W_EXITCODE(status, 0); }
constexpr int signalled(int sig) { return W_EXITCODE(0, sig); }

bool nothing(const WorkerRestartPolicy::Orders &o) { return !o.start && o.signal == 0 && !o.exit; }

WorkerRestartPolicy running(WorkerRestartPolicy::Time now = kT0) {
  WorkerRestartPolicy k;
  if (k.on_identity(now, {.wants_worker = true, .changed = true}).start) k.on_started(now);
  return k;
}

std::string restart_policy__not_claimed__rests_without_a_timer() {
  WorkerRestartPolicy k;
  EXPECT(nothing(k.on_identity(kT0, {.wants_worker = false, .changed = true})));
  EXPECT(k.state() == State::resting && !k.next() && !k.has_worker());
  EXPECT(k.on_quit(kT0).exit);
  EXPECT(k.state() == State::gone);
  return {};
}

std::string restart_policy__claimed__starts_a_worker() {
  const auto k = running();
  EXPECT(k.state() == State::running && k.has_worker() && !k.next());
  return {};
}

std::string restart_policy__worker_dies__is_started_again_later_and_later() {
  auto k = running();
  auto now = kT0;
  for (const auto wait : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}) {
    const auto o = k.on_worker_end(now, signalled(SIGKILL));
    EXPECT(nothing(o) && o.error.find("signal 9") != std::string::npos);
    EXPECT(k.state() == State::waiting && k.next() == now + wait);
    EXPECT(nothing(k.on_time(now + wait - 1ms)));
    now += wait;
    EXPECT(k.on_time(now).start);
    k.on_started(now);
  }
  return {};
}

std::string restart_policy__worker_lived_five_minutes__begins_with_one_second_again() {
  auto k = running();
  (void)k.on_worker_end(kT0, signalled(SIGSEGV));
  k.on_started(kT0);
  (void)k.on_worker_end(kT0, signalled(SIGSEGV));
  k.on_started(kT0);
  (void)k.on_worker_end(kT0 + 5min, signalled(SIGSEGV));
  EXPECT(k.next() == kT0 + 5min + 1s);
  return {};
}

std::string restart_policy__start_fails__waits_and_says_why() {
  WorkerRestartPolicy k;
  EXPECT(k.on_identity(kT0, {.wants_worker = true, .changed = true}).start);
  const auto o = k.on_start_failed(kT0, "fork: no memory");
  EXPECT(o.error.find("no memory") != std::string::npos);
  EXPECT(k.next() == kT0 + 1s);
  return {};
}

std::string restart_policy__identity_changes__stops_gracefully_and_starts_at_once() {
  auto k = running();
  EXPECT_EQ(k.on_identity(kT0, {.wants_worker = true, .changed = true}).signal, SIGTERM);
  EXPECT(k.state() == State::ending);
  EXPECT(k.on_worker_end(kT0 + 1s, exited(0)).start);
  k.on_started(kT0 + 1s);
  EXPECT(k.state() == State::running);
  EXPECT(nothing(k.on_identity(kT0, {.wants_worker = true, .changed = false})));
  return {};
}

std::string restart_policy__claim_removed_while_running__stops_and_rests() {
  auto k = running();
  EXPECT_EQ(k.on_identity(kT0, {.wants_worker = false, .changed = true}).signal, SIGTERM);
  EXPECT(nothing(k.on_worker_end(kT0, exited(0))));
  EXPECT(k.state() == State::resting && !k.next());
  return {};
}

std::string restart_policy__claimed_again_while_ending__starts_after_the_end() {
  auto k = running();
  (void)k.on_identity(kT0, {.wants_worker = false, .changed = true});
  EXPECT(nothing(k.on_identity(kT0, {.wants_worker = true, .changed = true})));
  EXPECT(k.on_worker_end(kT0, exited(0)).start);
  return {};
}

std::string restart_policy__identity_changes_while_waiting__starts_at_once() {
  auto k = running();
  (void)k.on_worker_end(kT0, signalled(SIGKILL));
  EXPECT(nothing(k.on_identity(kT0, {.wants_worker = true, .changed = false})));
  EXPECT(k.on_identity(kT0, {.wants_worker = true, .changed = true}).start);
  return {};
}

std::string restart_policy__agent_has_its_own_link__looks_again_each_five_minutes_and_says_it_once() {
  auto k = running();
  EXPECT(k.on_worker_end(kT0, exited(kExitOwnLink)).error.find("link") != std::string::npos);
  EXPECT(k.left_alone() && k.next() == kT0 + 5min);
  EXPECT(k.on_time(kT0 + 5min).start);
  k.on_started(kT0 + 5min);
  EXPECT_EQ(k.on_worker_end(kT0 + 5min, exited(kExitOwnLink)).error, "");
  k.on_started(kT0 + 10min);
  EXPECT(!k.on_worker_end(kT0 + 10min, exited(kExitProtected)).error.empty());
  EXPECT(!k.left_alone());
  for (const int status : {kExitOwnLink, kExitProtected, kExitNoWebServer, kExitBadSetting, kExitUnknownMachine})
    EXPECT(!reason_to_rest(status).empty());
  for (const int status : {int{kExitStopped}, int{kExitFailed}, 2, 127, -1}) EXPECT(reason_to_rest(status).empty());
  return {};
}

std::string restart_policy__quit__ends_the_worker_then_exits() {
  auto k = running();
  EXPECT_EQ(k.on_quit(kT0).signal, SIGTERM);
  EXPECT(nothing(k.on_quit(kT0 + 1s)));
  EXPECT(k.next() == kT0 + 2800ms);
  EXPECT(k.on_worker_end(kT0 + 500ms, exited(0)).exit);
  return {};
}

std::string restart_policy__worker_hangs_at_quit__is_killed_and_all_is_over_in_three_seconds() {
  auto k = running();
  (void)k.on_quit(kT0);
  EXPECT(nothing(k.on_time(kT0 + 2799ms)));
  EXPECT_EQ(k.on_time(kT0 + 2800ms).signal, SIGKILL);
  EXPECT(k.next() == kT0 + 3s);
  EXPECT(k.on_time(kT0 + 3s).exit);
  return {};
}

std::string restart_policy__worker_hangs_at_restart__is_killed_and_replaced() {
  auto k = running();
  (void)k.on_identity(kT0, {.wants_worker = true, .changed = true});
  EXPECT_EQ(k.on_time(kT0 + 2800ms).signal, SIGKILL);
  EXPECT(k.on_worker_end(kT0 + 2900ms, signalled(SIGKILL)).start);
  return {};
}

std::string restart_policy__quit_while_replacing__does_not_start_another() {
  auto k = running();
  (void)k.on_identity(kT0, {.wants_worker = true, .changed = true});
  EXPECT(nothing(k.on_quit(kT0 + 1s)));
  EXPECT(k.next() == kT0 + 2800ms);
  EXPECT(k.on_worker_end(kT0 + 2s, exited(0)).exit);
  return {};
}

std::string restart_policy__quit_while_waiting__exits_at_once() {
  auto k = running();
  (void)k.on_worker_end(kT0, signalled(SIGKILL));
  EXPECT(k.on_quit(kT0).exit);
  EXPECT(nothing(k.on_time(kT0 + 1h)));
  EXPECT(nothing(k.on_identity(kT0, {.wants_worker = true, .changed = true})));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(restart_policy__not_claimed__rests_without_a_timer),
    ACLK_TEST(restart_policy__claimed__starts_a_worker),
    ACLK_TEST(restart_policy__worker_dies__is_started_again_later_and_later),
    ACLK_TEST(restart_policy__worker_lived_five_minutes__begins_with_one_second_again),
    ACLK_TEST(restart_policy__start_fails__waits_and_says_why),
    ACLK_TEST(restart_policy__identity_changes__stops_gracefully_and_starts_at_once),
    ACLK_TEST(restart_policy__claim_removed_while_running__stops_and_rests),
    ACLK_TEST(restart_policy__claimed_again_while_ending__starts_after_the_end),
    ACLK_TEST(restart_policy__identity_changes_while_waiting__starts_at_once),
    ACLK_TEST(restart_policy__agent_has_its_own_link__looks_again_each_five_minutes_and_says_it_once),
    ACLK_TEST(restart_policy__quit__ends_the_worker_then_exits),
    ACLK_TEST(restart_policy__worker_hangs_at_quit__is_killed_and_all_is_over_in_three_seconds),
    ACLK_TEST(restart_policy__worker_hangs_at_restart__is_killed_and_replaced),
    ACLK_TEST(restart_policy__quit_while_replacing__does_not_start_another),
    ACLK_TEST(restart_policy__quit_while_waiting__exits_at_once),
};

}  // namespace
}  // namespace test_worker_restart_policy

int worker_restart_policy_tests() {
  return cmocka_run_group_tests_name("keeper", test_worker_restart_policy::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
