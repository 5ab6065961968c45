// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/replacement.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_replacement_policy {
namespace {

using namespace std::chrono_literals;
using Kind = FileSeen::Kind;

constexpr ReplacementPolicy::Time kT0{1h};
constexpr FileSeen kOwn{Kind::own, 0};
constexpr FileSeen kMissing{Kind::missing, 0};
constexpr FileSeen kUnknown{Kind::unknown, 0};
constexpr FileSeen other(std::uint64_t print) { return {Kind::other, print}; }

bool nothing(const ReplacementPolicy::Orders &o) {
  return !o.try_out && !o.stop_trial && !o.become && !o.end && o.info.empty() && o.error.empty();
}

// Another file is there and its trial runs, since kT0 + 300 ms.
ReplacementPolicy trying() {
  ReplacementPolicy p;
  (void)p.on_look(kT0, other(1));
  (void)p.on_time(kT0 + 300ms, Interruption::allowed);
  return p;
}

std::string replacement__own_file__needs_no_timer() {
  ReplacementPolicy p;
  EXPECT(nothing(p.on_look(kT0, kOwn)) && !p.next());
  EXPECT(nothing(p.on_look(kT0, kUnknown)) && !p.next());
  EXPECT(nothing(p.on_time(kT0 + 24h, Interruption::allowed)));
  return {};
}

std::string replacement__another_file__is_tried_out_when_it_has_settled_and_taken_when_it_is_good() {
  ReplacementPolicy p;
  EXPECT(nothing(p.on_look(kT0, other(1))));
  EXPECT(nothing(p.on_look(kT0 + 200ms, other(2))));  // it is still being written, or gets its owner
  EXPECT(p.next() == kT0 + 500ms);
  EXPECT(nothing(p.on_time(kT0 + 499ms, Interruption::allowed)));
  EXPECT(p.on_time(kT0 + 500ms, Interruption::allowed).try_out);
  p.on_trial_end(kT0 + 600ms, "");
  EXPECT(p.next() == kT0 + 600ms);
  const auto o = p.on_time(kT0 + 600ms, Interruption::allowed);
  EXPECT(o.become && !o.end && !o.info.empty());
  EXPECT(nothing(p.on_time(kT0 + 1h, Interruption::allowed)) && nothing(p.on_look(kT0 + 1h, other(3))) && !p.next());
  return {};
}

std::string replacement__while_something_must_not_be_cut_off__waits() {
  auto p = trying();
  p.on_trial_end(kT0 + 1s, "");
  EXPECT(nothing(p.on_time(kT0 + 1s, Interruption::not_now)));
  EXPECT(p.next() && *p.next() > kT0 + 1s && *p.next() <= kT0 + 2s);
  EXPECT(nothing(p.on_time(kT0 + 2s, Interruption::not_now)));
  EXPECT(p.on_time(kT0 + 3s, Interruption::allowed).become);
  return {};
}

std::string replacement__that_cannot_be_run__is_tried_again_later_and_later_and_told_once() {
  auto p = trying();
  auto now = kT0 + 1s;
  int told = 0;
  for (const auto wait : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    p.on_trial_end(now, "libx.so.9 is missing");
    EXPECT(p.next() == now + wait);
    const auto early = p.on_time(now, Interruption::allowed);
    if (!early.error.empty()) {
      ++told;
      EXPECT(now - kT0 > 30s);
      EXPECT(early.error.find("libx.so.9 is missing") != std::string::npos);
    }
    now += wait;
    EXPECT(p.on_time(now, Interruption::allowed).try_out);
  }
  EXPECT_EQ(told, 1);
  p.on_trial_end(now, "");
  EXPECT(p.on_time(now, Interruption::allowed).become);
  return {};
}

std::string replacement__that_changes_after_a_failure__is_tried_at_once() {
  auto p = trying();
  p.on_trial_end(kT0 + 1s, "Permission denied");
  EXPECT(nothing(p.on_look(kT0 + 1100ms, other(1))));
  EXPECT(nothing(p.on_look(kT0 + 1200ms, other(2))));
  EXPECT(p.on_time(kT0 + 1500ms, Interruption::allowed).try_out);
  return {};
}

std::string replacement__that_changes_during_its_trial__is_tried_anew() {
  auto p = trying();
  EXPECT(p.on_look(kT0 + 1s, other(2)).stop_trial);
  p.on_trial_end(kT0 + 1s, "");  // an echo of the one that was stopped
  EXPECT(p.on_time(kT0 + 1300ms, Interruption::allowed).try_out);
  return {};
}

std::string replacement__whose_trial_does_not_end__counts_as_one_that_cannot_be_run() {
  auto p = trying();
  EXPECT(p.next() == kT0 + 10300ms);
  EXPECT(nothing(p.on_time(kT0 + 10299ms, Interruption::allowed)));
  EXPECT(p.on_time(kT0 + 10300ms, Interruption::allowed).stop_trial);
  EXPECT(p.on_time(kT0 + 11300ms, Interruption::allowed).try_out);
  return {};
}

std::string replacement__taken_back__is_forgotten() {
  auto p = trying();
  EXPECT(p.on_look(kT0 + 1s, kOwn).stop_trial);
  EXPECT(!p.next());
  return {};
}

std::string replacement__file_removed__ends_after_three_seconds() {
  ReplacementPolicy p;
  EXPECT(nothing(p.on_look(kT0, kMissing)));
  EXPECT(nothing(p.on_look(kT0 + 2s, kMissing)));
  EXPECT(nothing(p.on_time(kT0 + 2999ms, Interruption::allowed)));
  const auto o = p.on_time(kT0 + 3s, Interruption::allowed);
  EXPECT(o.end && !o.become && !o.info.empty());
  EXPECT(!p.next());
  return {};
}

std::string replacement__file_missing_for_a_moment__is_an_installation() {
  ReplacementPolicy p;
  (void)p.on_look(kT0, kMissing);
  (void)p.on_look(kT0 + 2s, other(1));
  EXPECT(p.on_time(kT0 + 2300ms, Interruption::allowed).try_out);
  p.on_trial_end(kT0 + 3s, "");
  EXPECT(p.on_time(kT0 + 3s, Interruption::allowed).become);
  return {};
}

std::string replacement__that_goes_during_its_trial__is_missing() {
  auto p = trying();
  EXPECT(p.on_look(kT0 + 1s, kMissing).stop_trial);
  EXPECT(p.on_time(kT0 + 4s, Interruption::allowed).end);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(replacement__own_file__needs_no_timer),
    ACLK_TEST(replacement__another_file__is_tried_out_when_it_has_settled_and_taken_when_it_is_good),
    ACLK_TEST(replacement__while_something_must_not_be_cut_off__waits),
    ACLK_TEST(replacement__that_cannot_be_run__is_tried_again_later_and_later_and_told_once),
    ACLK_TEST(replacement__that_changes_after_a_failure__is_tried_at_once),
    ACLK_TEST(replacement__that_changes_during_its_trial__is_tried_anew),
    ACLK_TEST(replacement__whose_trial_does_not_end__counts_as_one_that_cannot_be_run),
    ACLK_TEST(replacement__taken_back__is_forgotten),
    ACLK_TEST(replacement__file_removed__ends_after_three_seconds),
    ACLK_TEST(replacement__file_missing_for_a_moment__is_an_installation),
    ACLK_TEST(replacement__that_goes_during_its_trial__is_missing),
};

}  // namespace
}  // namespace test_replacement_policy

int replacement_policy_tests() {
  return cmocka_run_group_tests_name("replacement policy", test_replacement_policy::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
