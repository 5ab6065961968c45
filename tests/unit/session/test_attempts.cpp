// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/connection_history.h"

#include "tests/unit/cmocka_main.h"
#include "tests/unit/session/tests.h"

namespace test_attempts {
using namespace aclk;
using namespace aclk::session;
using namespace std::chrono_literals;
using login::Status;

namespace {

const loop::Instant t0{};

std::string attempts__one_that_fails__keeps_when_how_long_how_far_and_why() {
  Attempts a;
  a.begin(1'700'000'000, t0);
  a.ended(ConnectionState::tls, Status::invalid_ssl_certificate, "expired", t0 + 250ms);
  EXPECT_EQ(a.list().size(), 1U);
  const auto &x = a.list().front();
  EXPECT_EQ(x.began_s, 1'700'000'000);
  EXPECT(x.took == 250ms && x.stage == ConnectionState::tls && x.status == Status::invalid_ssl_certificate);
  EXPECT_EQ(x.sentence, "expired");
  EXPECT(!x.was_online);
  return {};
}

std::string attempts__one_that_got_online__tells_later_how_long_and_how_it_ended() {
  Attempts a;
  a.begin(1, t0);
  a.online("connected to x", t0 + 40ms);
  EXPECT(a.list().front().status == Status::connected && a.list().front().stage == ConnectionState::online);
  a.ended(ConnectionState::online, Status::closed_by_remote, "closed", t0 + 40ms + 90s);
  const auto &x = a.list().front();
  EXPECT(x.took == 40ms && x.online_for == 90s && x.status == Status::closed_by_remote);
  EXPECT_EQ(x.sentence, "closed");
  return {};
}

std::string attempts__more_than_twenty__keeps_the_last_twenty() {
  Attempts a;
  for (int i = 0; i < 50; ++i) {
    a.begin(i, t0);
    a.ended(ConnectionState::env, Status::env_not_200, std::to_string(i), t0);
  }
  EXPECT_EQ(a.list().size(), 20U);
  EXPECT_EQ(a.list().front().sentence, "30");
  EXPECT_EQ(a.list().front().number, 31U);
  EXPECT_EQ(a.list().back().sentence, "49");
  return {};
}

std::string attempts__ends_without_a_beginning__are_nothing() {
  Attempts a;
  a.ended(ConnectionState::online, Status::offline, "", t0);
  a.online("", t0);
  EXPECT(a.list().empty());
  a.begin(1, t0);
  a.ended(ConnectionState::env, Status::env_empty, "first", t0);
  a.ended(ConnectionState::online, Status::offline, "second", t0);
  a.online("", t0);
  EXPECT_EQ(a.list().front().sentence, "first");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(attempts__one_that_fails__keeps_when_how_long_how_far_and_why),
    ACLK_TEST(attempts__one_that_got_online__tells_later_how_long_and_how_it_ended),
    ACLK_TEST(attempts__more_than_twenty__keeps_the_last_twenty),
    ACLK_TEST(attempts__ends_without_a_beginning__are_nothing),
};

}  // namespace
}  // namespace test_attempts

int run_attempts_tests() { return cmocka_run_group_tests_name("attempts", test_attempts::tests, nullptr, nullptr); }
