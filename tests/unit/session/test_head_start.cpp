// SPDX-License-Identifier: GPL-3.0-or-later
//
// When the broker is dialed, and a challenge asked for, before their turn.
#include "aclk/session/connection_history.h"

#include "tests/unit/cmocka_main.h"
#include "tests/unit/session/tests.h"

namespace test_head_start {
using namespace aclk;
using namespace aclk::session;
using namespace std::chrono_literals;

namespace {

login::Agreement agreement(const std::string &auth, const std::string &endpoint) {
  return {*parse_url(auth), *parse_url(endpoint)};
}

login::Agreement here() { return agreement("https://cloud/auth", "wss://cloud/mqtt"); }
login::Agreement other_broker() { return agreement("https://cloud/auth", "wss://cloud:8443/mqtt"); }

std::string head_start__first_attempt__dials_when_env_has_said_where() {
  HeadStart h;
  EXPECT(!h.begin());
  EXPECT(h.agreed(here()));
  return {};
}

std::string head_start__after_a_stable_connection__begins_with_what_is_known() {
  HeadStart h;
  (void)h.begin();
  (void)h.agreed(here());
  h.stable();
  const auto known = h.begin();
  EXPECT(known && known->endpoint.str() == "wss://cloud/mqtt");
  EXPECT(!h.agreed(here()));  // it is under way
  return {};
}

std::string head_start__connection_that_lasted__lets_a_challenge_be_asked_for_at_once() {
  for (const auto lasted : {59'999ms, 60'000ms}) {
    HeadStart h;
    (void)h.begin();
    (void)h.agreed(here());
    h.stable();
    h.ended(lasted);
    const auto known = h.begin();
    EXPECT(known && known->login.has_value() == (lasted >= 60s));
    if (known->login) EXPECT_EQ(known->login->str(), "https://cloud/auth");
  }
  return {};
}

std::string head_start__attempt_after_a_short_one__forgets_that_one_lasted() {
  HeadStart h;
  (void)h.begin();
  (void)h.agreed(here());
  h.stable();
  h.ended(1h);
  EXPECT(h.begin()->login);
  (void)h.agreed(here());
  h.stable();
  EXPECT(!h.begin()->login);
  return {};
}

std::string head_start__env_names_another_broker__dials_that_one() {
  HeadStart h;
  (void)h.begin();
  (void)h.agreed(here());
  h.stable();
  EXPECT(h.begin());
  EXPECT(h.agreed(other_broker()));
  h.stable();
  EXPECT(h.begin()->endpoint.str() == "wss://cloud:8443/mqtt");
  return {};
}

std::string head_start__connection_that_never_was_stable__is_no_reason_to_hurry() {
  HeadStart h;
  (void)h.begin();
  EXPECT(h.agreed(here()));
  EXPECT(!h.begin());
  EXPECT(h.agreed(here()));
  return {};
}

std::string head_start__bold_attempt_failed__the_next_goes_step_by_step() {
  HeadStart h;
  (void)h.begin();
  (void)h.agreed(here());
  h.stable();
  EXPECT(h.begin());
  EXPECT(!h.begin());  // it failed before /env
  EXPECT(h.agreed(here()));
  EXPECT(!h.begin());  // and after it
  return {};
}

std::string head_start__stable_before_any_agreement__knows_nothing() {
  HeadStart h;
  h.stable();
  EXPECT(!h.begin());
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(head_start__first_attempt__dials_when_env_has_said_where),
    ACLK_TEST(head_start__after_a_stable_connection__begins_with_what_is_known),
    ACLK_TEST(head_start__connection_that_lasted__lets_a_challenge_be_asked_for_at_once),
    ACLK_TEST(head_start__attempt_after_a_short_one__forgets_that_one_lasted),
    ACLK_TEST(head_start__env_names_another_broker__dials_that_one),
    ACLK_TEST(head_start__connection_that_never_was_stable__is_no_reason_to_hurry),
    ACLK_TEST(head_start__bold_attempt_failed__the_next_goes_step_by_step),
    ACLK_TEST(head_start__stable_before_any_agreement__knows_nothing),
};

}  // namespace
}  // namespace test_head_start

int run_head_start_tests() {
  return cmocka_run_group_tests_name("head_start", test_head_start::kTests, nullptr, nullptr);
}
