// SPDX-License-Identifier: GPL-3.0-or-later
//
// The life of the link: every decision, without a socket and with a clock made of numbers.
#include <array>

#include "aclk/session/machine.h"
#include "tests/unit/cmocka_main.h"

using namespace aclk;
using namespace aclk::session;
using namespace std::chrono_literals;
using cloud::Status;
using transport::ConnectionEnd;

namespace {

const loop::Instant t0{};

ConnectionEnd end_of(ConnectionEnd::Kind kind, Errc code = Errc::tcp) {
  ConnectionEnd e;
  e.kind = kind;
  e.error = {code, "why"};
  return e;
}

// A machine brought to a state by the events that lead there.
Machine at(State s) {
  Machine m([] { return 0.0; });
  if (s == State::stopped) return m;
  (void)m.start(t0);
  if (s == State::waiting) return m;
  (void)m.waited();
  if (s == State::logging_in) return m;
  if (s == State::banned) {
    cloud::LoginFailure f;
    f.non_retryable = true;
    (void)m.login_failed(f, t0);
    return m;
  }
  (void)m.logged_in();
  if (s == State::connecting) return m;
  (void)m.connected();
  if (s == State::online) return m;
  (void)m.ordered_to_leave({}, t0);
  return m;
}

constexpr std::array kStates{State::stopped, State::waiting, State::logging_in, State::connecting,
                             State::online,  State::leaving, State::banned};

std::string machine__the_way_online__is_wait_login_connect_announce() {
  Machine m([] { return 0.0; });
  auto s = m.start(t0);
  EXPECT(s.act == Do::wait && s.wait == 0ms);
  EXPECT(m.next_attempt() == t0);
  EXPECT(m.waited().act == Do::login);
  EXPECT(!m.next_attempt());
  EXPECT(m.logged_in().act == Do::connect);
  EXPECT(m.connected().act == Do::announce);
  EXPECT(m.state() == State::online && m.status() == Status::connected && m.why().empty());
  return {};
}

// For each state: what each event leads to. Events that do not belong to a state change nothing.
std::string machine__every_event_in_every_state__moves_only_as_the_table_says() {
  struct Row {
    State in;
    const char *event;
    State next;
    Do act;
  };
  const Row rows[] = {
      {State::stopped, "start", State::waiting, Do::wait},
      {State::waiting, "waited", State::logging_in, Do::login},
      {State::logging_in, "logged in", State::connecting, Do::connect},
      {State::logging_in, "login failed", State::waiting, Do::wait},
      {State::connecting, "connected", State::online, Do::announce},
      {State::connecting, "ended", State::waiting, Do::wait},
      {State::online, "ordered", State::leaving, Do::goodbye},
      {State::online, "ended", State::waiting, Do::wait},
      {State::leaving, "goodbye over", State::leaving, Do::close},
      {State::leaving, "ended", State::waiting, Do::wait},
      {State::stopped, "stop", State::stopped, Do::finished},
      {State::waiting, "stop", State::stopped, Do::finished},
      {State::logging_in, "stop", State::stopped, Do::abort},
      {State::connecting, "stop", State::stopped, Do::abort},
      {State::online, "stop", State::leaving, Do::goodbye},
      {State::leaving, "stop", State::leaving, Do::nothing},
      {State::banned, "stop", State::stopped, Do::finished},
  };
  const auto fire = [](Machine &m, const std::string &e) -> Step {
    if (e == "start") return m.start(t0);
    if (e == "waited") return m.waited();
    if (e == "logged in") return m.logged_in();
    if (e == "login failed") return m.login_failed({}, t0);
    if (e == "connected") return m.connected();
    if (e == "ordered") return m.ordered_to_leave({}, t0);
    if (e == "goodbye over") return m.goodbye_over();
    if (e == "ended") return m.ended(end_of(ConnectionEnd::Kind::socket), t0);
    return m.stop(false);
  };
  for (const auto in : kStates)
    for (const char *e :
         {"start", "waited", "logged in", "login failed", "connected", "ordered", "goodbye over", "ended", "stop"}) {
      auto m = at(in);
      if (m.state() != in) return std::string("cannot reach ") + state_name(in);
      State next = in;
      Do act = Do::nothing;
      for (const auto &r : rows)
        if (r.in == in && std::string(r.event) == e) next = r.next, act = r.act;
      const auto step = fire(m, e);
      if (step.act != act || m.state() != next)
        return std::string(state_name(in)) + " + " + e + ": went to " + state_name(m.state());
    }
  return {};
}

std::string machine__stopped_while_leaving__finishes_when_the_connection_has_ended() {
  auto m = at(State::online);
  EXPECT(m.stop(false).act == Do::goodbye);
  EXPECT(m.status() == Status::disabled);
  EXPECT(m.goodbye_over().act == Do::close);
  EXPECT(m.ended(end_of(ConnectionEnd::Kind::by_us), t0).act == Do::finished);
  EXPECT(m.state() == State::stopped);
  EXPECT(m.start(t0).act == Do::nothing);
  return {};
}

std::string machine__reload__is_told_as_such() {
  auto m = at(State::online);
  (void)m.stop(true);
  EXPECT(m.status() == Status::reloading_config);
  return {};
}

std::string machine__failures__are_backed_off_and_three_pubacks_reset_it() {
  auto m = at(State::logging_in);
  EXPECT(m.login_failed({}, t0).wait == 1000ms);
  (void)m.waited();
  EXPECT(m.login_failed({}, t0).wait == 2000ms);
  (void)m.waited();
  (void)m.logged_in();
  (void)m.connected();
  EXPECT(!m.acknowledged());
  EXPECT(!m.acknowledged());
  // Not stable yet: the counter goes on.
  EXPECT(m.ended(end_of(ConnectionEnd::Kind::socket), t0).wait == 4000ms);
  (void)m.waited();
  (void)m.logged_in();
  (void)m.connected();
  EXPECT(!m.acknowledged());
  EXPECT(!m.acknowledged());
  EXPECT(m.acknowledged());
  EXPECT(!m.acknowledged());
  EXPECT(m.ended(end_of(ConnectionEnd::Kind::socket), t0).wait == 0ms);
  return {};
}

std::string machine__told_when_to_come_back__obeys_once_and_begins_the_backoff_anew() {
  auto m = at(State::online);
  proto::DisconnectReq order;
  order.reconnect_after_seconds = 30;
  EXPECT(m.ordered_to_leave(order, t0).act == Do::goodbye);
  EXPECT(m.status() == Status::cloud_requested_disconnect);
  auto s = m.ended(end_of(ConnectionEnd::Kind::by_us), t0 + 2s);
  EXPECT(s.act == Do::wait && s.wait == 28s);
  EXPECT(m.status() == Status::blocked);
  (void)m.waited();
  EXPECT(m.login_failed({}, t0).wait == 0ms);
  return {};
}

std::string machine__an_order_for_ever__does_not_overflow() {
  auto m = at(State::online);
  proto::DisconnectReq order;
  order.reconnect_after_seconds = UINT64_MAX;
  (void)m.ordered_to_leave(order, t0);
  EXPECT(m.ended(end_of(ConnectionEnd::Kind::by_us), t0).wait == std::chrono::hours(366 * 24));
  return {};
}

std::string machine__error_body_with_a_delay__is_obeyed() {
  auto m = at(State::logging_in);
  cloud::LoginFailure f;
  f.status = Status::env_not_200;
  f.retry_after_s = 3;
  EXPECT(m.login_failed(f, t0).wait == 3s);
  return {};
}

std::string machine__banned__tries_nothing_until_stopped() {
  auto m = at(State::online);
  proto::DisconnectReq order;
  order.permaban = true;
  (void)m.ordered_to_leave(order, t0);
  EXPECT(m.ended(end_of(ConnectionEnd::Kind::by_us), t0).act == Do::nothing);
  EXPECT(m.state() == State::banned && m.banned());
  EXPECT(!m.next_attempt());
  EXPECT(m.waited().act == Do::nothing);
  return {};
}

std::string machine__each_end__has_the_status_users_know() {
  using Kind = ConnectionEnd::Kind;
  const std::pair<ConnectionEnd, Status> rows[] = {
      {end_of(Kind::dial, Errc::dns), Status::cannot_resolve},
      {end_of(Kind::dial, Errc::timeout), Status::socket_timeout},
      {end_of(Kind::dial, Errc::proxy), Status::https_proxy_negotiation_failed},
      {end_of(Kind::dial, Errc::tcp), Status::socket_error},
      {end_of(Kind::setup_timeout), Status::socket_timeout},
      {end_of(Kind::tls), Status::cannot_establish_ssl},
      {end_of(Kind::upgrade), Status::ws_protocol_error},
      {end_of(Kind::connack), Status::mqtt_protocol_error},
      {end_of(Kind::subscribe), Status::mqtt_protocol_error},
      {end_of(Kind::by_server), Status::closed_by_remote},
      {end_of(Kind::closed_by_remote), Status::closed_by_remote},
      {end_of(Kind::socket), Status::socket_error},
      {end_of(Kind::mqtt_protocol), Status::mqtt_protocol_error},
      {end_of(Kind::ws_protocol), Status::ws_protocol_error},
      {end_of(Kind::ping_timeout), Status::ping_timeout},
  };
  for (const auto &[end, status] : rows) {
    auto m = at(State::online);
    (void)m.ended(end, t0);
    if (m.status() != status) return "kind " + std::to_string(static_cast<int>(end.kind));
    if (m.why() != "why") return "the sentence is lost";
  }
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(machine__the_way_online__is_wait_login_connect_announce),
    ACLK_TEST(machine__every_event_in_every_state__moves_only_as_the_table_says),
    ACLK_TEST(machine__stopped_while_leaving__finishes_when_the_connection_has_ended),
    ACLK_TEST(machine__reload__is_told_as_such),
    ACLK_TEST(machine__failures__are_backed_off_and_three_pubacks_reset_it),
    ACLK_TEST(machine__told_when_to_come_back__obeys_once_and_begins_the_backoff_anew),
    ACLK_TEST(machine__an_order_for_ever__does_not_overflow),
    ACLK_TEST(machine__error_body_with_a_delay__is_obeyed),
    ACLK_TEST(machine__banned__tries_nothing_until_stopped),
    ACLK_TEST(machine__each_end__has_the_status_users_know),
};

}  // namespace

int main() { return cmocka_run_group_tests_name("session", tests, nullptr, nullptr); }
