// SPDX-License-Identifier: GPL-3.0-or-later
//
// The life of the link: every decision, without a socket and with a clock made of numbers.
#include <array>

#include "aclk/mqtt/reasons.h"
#include "aclk/session/connection_state_machine.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/session/states_md.h"
#include "tests/unit/session/tests.h"

namespace test_connection_state_machine {
using namespace aclk;
using namespace aclk::session;
using namespace std::chrono_literals;
using login::Status;
using mqtt::ConnectionEnd;
using net::Cause;

namespace {

const loop::Instant t0{};

ConnectionEnd end_of(ConnectionEnd::Kind kind, Errc code = Errc::tcp, Cause cause = Cause::other) {
  ConnectionEnd e;
  e.kind = kind;
  e.error = {code, "why"};
  e.cause = cause;
  return e;
}
ConnectionEnd by_code(ConnectionEnd::Kind kind, int code) {
  auto e = end_of(kind);
  (kind == ConnectionEnd::Kind::by_server ? e.mqtt_reason : e.ws_code.emplace()) = code;
  return e;
}

// A machine brought to a state by the events that lead there.
ConnectionStateMachine at(ConnectionState s) {
  ConnectionStateMachine m([] { return 0.0; });
  const auto is = [&] { return m.state() == s; };
  if (is()) return m;
  (void)m.start(t0);
  if (is()) return m;
  (void)m.waited();
  if (is()) return m;
  if (s == ConnectionState::banned || s == ConnectionState::blocked) {
    login::LoginFailure f;
    f.non_retryable = s == ConnectionState::banned;
    f.retry_after_s = 5;
    (void)m.login_failed(f, t0);
    return m;
  }
  for (const auto e : {Event::agreed, Event::challenged}) {
    m.reached(e);
    if (is()) return m;
  }
  (void)m.logged_in();
  if (is()) return m;
  for (const auto e : {Event::dialed, Event::secured, Event::upgraded}) {
    m.reached(e);
    if (is()) return m;
  }
  (void)m.connected(t0);
  if (is()) return m;
  (void)m.ordered_to_leave({}, t0);
  if (is()) return m;
  (void)m.goodbye_over();
  return m;
}

void online(ConnectionStateMachine &m) {
  (void)m.waited();
  for (const auto e : {Event::agreed, Event::challenged}) m.reached(e);
  (void)m.logged_in();
  for (const auto e : {Event::dialed, Event::secured, Event::upgraded}) m.reached(e);
  (void)m.connected(t0);
}

std::string state_machine__the_way_online__is_wait_login_dial_announce() {
  ConnectionStateMachine m([] { return 0.0; });
  auto s = m.start(t0);
  EXPECT(s.act == Do::wait && s.wait == 0ms);
  EXPECT(m.next_attempt() == t0);
  EXPECT(m.waited().act == Do::login);
  EXPECT(!m.next_attempt());
  EXPECT(m.logged_in().act == Do::nothing);  // not before the stages before it
  m.reached(Event::agreed);
  m.reached(Event::challenged);
  EXPECT(m.logged_in().act == Do::dial);
  EXPECT(m.connected(t0).act == Do::nothing);
  m.reached(Event::dialed);
  m.reached(Event::secured);
  m.reached(Event::upgraded);
  EXPECT(m.connected(t0).act == Do::announce);
  EXPECT(m.state() == ConnectionState::online && m.status() == Status::connected && m.why().empty());
  return {};
}

// The machine can be brought to every state but the two that have none, and moves from each as the table says.
std::string state_machine__every_call_in_every_state__moves_as_the_table_says() {
  struct Call {
    Event event;
    Step (*call)(ConnectionStateMachine &);
  };
  constexpr std::array calls{
      Call{Event::start, [](ConnectionStateMachine &m) { return m.start(t0); }},
      Call{Event::due, [](ConnectionStateMachine &m) { return m.waited(); }},
      Call{Event::credentials, [](ConnectionStateMachine &m) { return m.logged_in(); }},
      Call{Event::accepted, [](ConnectionStateMachine &m) { return m.connected(t0); }},
      Call{Event::ordered, [](ConnectionStateMachine &m) { return m.ordered_to_leave({}, t0); }},
      Call{Event::said, [](ConnectionStateMachine &m) { return m.goodbye_over(); }},
      Call{Event::overdue, [](ConnectionStateMachine &m) { return m.overdue(t0); }},
      Call{Event::stop, [](ConnectionStateMachine &m) { return m.stop(Stop::for_good); }},
  };
  for (auto i = static_cast<std::size_t>(ConnectionState::stopped); i < kStates; ++i) {
    const auto in = static_cast<ConnectionState>(i);
    for (const auto &c : calls) {
      auto m = at(in);
      if (m.state() != in) return std::string("cannot reach ") + state_name(in);
      const auto want = next(in, c.event, {});
      const auto step = c.call(m);
      if (step.act != want.act || m.state() != want.state)
        return std::string(state_name(in)) + " + " + std::string(test::event_text(c.event)) + ": " +
               state_name(m.state());
    }
    auto m = at(in);
    const bool login =
        in == ConnectionState::env || in == ConnectionState::challenge || in == ConnectionState::password;
    EXPECT_EQ(m.login_failed({}, t0).act == Do::wait, login);
    auto n = at(in);
    const bool connection = in >= ConnectionState::dialing;
    EXPECT_EQ(n.ended(end_of(ConnectionEnd::Kind::socket), t0).act == Do::wait, connection);
  }
  return {};
}

std::string state_machine__a_stage_over_its_deadline__is_a_timeout_that_names_it() {
  for (const auto s : {ConnectionState::env, ConnectionState::password, ConnectionState::dialing, ConnectionState::tls,
                       ConnectionState::websocket, ConnectionState::connect}) {
    auto m = at(s);
    EXPECT(m.overdue(t0).wait == 1000ms);
    EXPECT(m.status() == (s <= ConnectionState::password ? Status::https_timeout : Status::socket_timeout));
    EXPECT(m.why().find(state_name(s)) != std::string::npos);
  }
  return {};
}

std::string state_machine__stopped_while_leaving__finishes_when_the_connection_has_ended() {
  auto m = at(ConnectionState::online);
  EXPECT(m.stop(Stop::for_good).act == Do::goodbye);
  EXPECT(m.status() == Status::disabled);
  EXPECT(m.goodbye_over().act == Do::close);
  EXPECT(m.ended(end_of(ConnectionEnd::Kind::by_us), t0).act == Do::finished);
  EXPECT(m.state() == ConnectionState::stopped);
  EXPECT(m.start(t0).act == Do::nothing);
  return {};
}

std::string state_machine__reload__is_told_as_such() {
  auto m = at(ConnectionState::online);
  (void)m.stop(Stop::to_reload);
  EXPECT(m.status() == Status::reloading_config);
  return {};
}

std::string state_machine__failures__are_backed_off_and_three_pubacks_reset_it() {
  auto m = at(ConnectionState::env);
  EXPECT(m.login_failed({}, t0).wait == 1000ms);
  (void)m.waited();
  EXPECT(m.login_failed({}, t0).wait == 2000ms);
  online(m);
  EXPECT(!m.acknowledged());
  EXPECT(!m.acknowledged());
  // Not stable yet: the counter goes on.
  EXPECT(m.ended(end_of(ConnectionEnd::Kind::socket), t0).wait == 4000ms);
  online(m);
  EXPECT(!m.acknowledged());
  EXPECT(!m.acknowledged());
  EXPECT(m.acknowledged());
  EXPECT(!m.acknowledged());
  EXPECT(m.ended(end_of(ConnectionEnd::Kind::socket), t0).wait == 0ms);
  return {};
}

std::string state_machine__resumed__tries_at_once_but_not_against_the_clouds_order() {
  auto m = at(ConnectionState::env);
  for (int i = 0; i < 5; ++i) {
    (void)m.login_failed({}, t0);
    (void)m.waited();
  }
  EXPECT(m.login_failed({}, t0).wait > 10s);
  const auto step = m.resumed(t0 + 1h);
  EXPECT(step.act == Do::wait && step.wait == 0ms && m.state() == ConnectionState::waiting);
  (void)m.waited();
  EXPECT(m.login_failed({}, t0).wait == 1000ms);  // a new backoff
  (void)m.waited();
  login::LoginFailure later;
  later.retry_after_s = 600;
  EXPECT(m.login_failed(later, t0).wait == 600s);
  EXPECT(m.resumed(t0).act == Do::nothing);
  online(m);
  EXPECT(m.resumed(t0).act == Do::nothing && m.state() == ConnectionState::online);
  return {};
}

std::string state_machine__told_when_to_come_back__obeys_once_and_begins_the_backoff_anew() {
  auto m = at(ConnectionState::online);
  proto::DisconnectReq order;
  order.reconnect_after_seconds = 30;
  EXPECT(m.ordered_to_leave(order, t0).act == Do::goodbye);
  EXPECT(m.status() == Status::cloud_requested_disconnect);
  auto s = m.ended(end_of(ConnectionEnd::Kind::by_us), t0 + 2s);
  EXPECT(s.act == Do::wait && s.wait == 28s);
  EXPECT(m.status() == Status::blocked);
  (void)m.waited();
  EXPECT(m.login_failed({}, t0).wait == 1000ms);  // the ordered attempt was the first of the new count
  return {};
}

std::string state_machine__an_order_for_ever__does_not_overflow() {
  auto m = at(ConnectionState::online);
  proto::DisconnectReq order;
  order.reconnect_after_seconds = UINT64_MAX;
  (void)m.ordered_to_leave(order, t0);
  EXPECT(m.ended(end_of(ConnectionEnd::Kind::by_us), t0).wait == std::chrono::hours(366 * 24));
  return {};
}

std::string state_machine__error_body_with_a_delay__is_obeyed() {
  auto m = at(ConnectionState::env);
  login::LoginFailure f;
  f.status = Status::env_not_200;
  f.retry_after_s = 3;
  EXPECT(m.login_failed(f, t0).wait == 3s);
  return {};
}

std::string state_machine__banned__tries_nothing_until_stopped() {
  auto m = at(ConnectionState::online);
  proto::DisconnectReq order;
  order.permaban = true;
  (void)m.ordered_to_leave(order, t0);
  EXPECT(m.ended(end_of(ConnectionEnd::Kind::by_us), t0).act == Do::nothing);
  EXPECT(m.state() == ConnectionState::banned && m.banned());
  EXPECT(!m.next_attempt());
  EXPECT(m.waited().act == Do::nothing);
  return {};
}

std::string state_machine__each_end__has_the_status_users_know() {
  using Kind = ConnectionEnd::Kind;
  const std::pair<ConnectionEnd, Status> rows[] = {
      {end_of(Kind::dial, Errc::dns, Cause::dns), Status::cannot_resolve},
      {end_of(Kind::dial, Errc::timeout, Cause::timeout), Status::socket_timeout},
      {end_of(Kind::dial, Errc::proxy, Cause::proxy), Status::https_proxy_negotiation_failed},
      {end_of(Kind::dial, Errc::tcp, Cause::refused), Status::connection_refused},
      {end_of(Kind::dial, Errc::tcp, Cause::unreachable), Status::no_destination},
      {end_of(Kind::dial, Errc::tcp, Cause::no_socket), Status::cannot_create_socket},
      {end_of(Kind::dial, Errc::tcp), Status::socket_error},
      {end_of(Kind::setup_timeout), Status::socket_timeout},
      {end_of(Kind::tls, Errc::tls, Cause::handshake), Status::cannot_establish_ssl},
      {end_of(Kind::tls, Errc::tls, Cause::certificate), Status::invalid_ssl_certificate},
      {by_code(Kind::by_server, mqtt::kMqttPacketTooLarge), Status::message_too_big},
      {by_code(Kind::closed_by_remote, mqtt::kWsMessageTooBig), Status::message_too_big},
      {by_code(Kind::closed_by_remote, 1001), Status::closed_by_remote},
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
    auto m = at(ConnectionState::online);
    (void)m.ended(end, t0);
    if (m.status() != status) return "kind " + std::to_string(static_cast<int>(end.kind));
    if (m.why() != "why") return "the sentence is lost";
  }
  return {};
}

// Two agents with one identity: neither may throw the other out again and again.
std::string state_machine__session_taken_over__waits_longer_each_time_until_undisputed() {
  auto m = at(ConnectionState::online);
  const auto taken = [] { return by_code(ConnectionEnd::Kind::by_server, mqtt::kMqttSessionTakenOver); };
  for (int i = 0; i < 3; ++i) (void)m.acknowledged();
  EXPECT(m.ended(taken(), t0 + 1min).wait == 60s);
  for (const auto want : {120s, 240s, 300s, 300s}) {
    online(m);
    for (int i = 0; i < 3; ++i) (void)m.acknowledged();
    EXPECT(m.ended(taken(), t0 + 1min).wait == want);
  }
  online(m);  // a failure in between neither counts nor clears
  EXPECT(m.ended(end_of(ConnectionEnd::Kind::socket), t0 + 1min).wait < 60s);
  online(m);
  EXPECT(m.ended(taken(), t0 + 1min).wait == 300s);
  online(m);
  for (int i = 0; i < 3; ++i) (void)m.acknowledged();
  EXPECT(m.ended(taken(), t0 + 10min).wait == 60s);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(state_machine__the_way_online__is_wait_login_dial_announce),
    ACLK_TEST(state_machine__every_call_in_every_state__moves_as_the_table_says),
    ACLK_TEST(state_machine__a_stage_over_its_deadline__is_a_timeout_that_names_it),
    ACLK_TEST(state_machine__stopped_while_leaving__finishes_when_the_connection_has_ended),
    ACLK_TEST(state_machine__reload__is_told_as_such),
    ACLK_TEST(state_machine__failures__are_backed_off_and_three_pubacks_reset_it),
    ACLK_TEST(state_machine__resumed__tries_at_once_but_not_against_the_clouds_order),
    ACLK_TEST(state_machine__told_when_to_come_back__obeys_once_and_begins_the_backoff_anew),
    ACLK_TEST(state_machine__an_order_for_ever__does_not_overflow),
    ACLK_TEST(state_machine__error_body_with_a_delay__is_obeyed),
    ACLK_TEST(state_machine__banned__tries_nothing_until_stopped),
    ACLK_TEST(state_machine__session_taken_over__waits_longer_each_time_until_undisputed),
    ACLK_TEST(state_machine__each_end__has_the_status_users_know),
};

}  // namespace
}  // namespace test_connection_state_machine

int run_connection_state_machine_tests() {
  return cmocka_run_group_tests_name("machine", test_connection_state_machine::tests, nullptr, nullptr);
}
