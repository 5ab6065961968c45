// SPDX-License-Identifier: GPL-3.0-or-later
//
// The table of states: every row, every state's bound, and the page made from it.
#include "aclk/session/states.h"

#include <array>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/session/states_md.h"
#include "tests/unit/session/tests.h"

namespace test_states {
using namespace aclk;
using namespace aclk::session;
using S = ConnectionState;
using E = Event;

namespace {

constexpr ConnectionState state(std::size_t i) { return static_cast<ConnectionState>(i); }

// Written a second time, state by state, on purpose: the table says it once with sets and conditions.
struct Want {
  ConnectionState in;
  Event on;
  ConnectionState next;
  Do act;
  Facts facts{};
};
const std::array kWanted{
    Want{S::not_claimed, E::claimed, S::stopped, Do::nothing},
    Want{S::not_claimed, E::turned_off, S::disabled, Do::nothing},
    Want{S::disabled, E::claimed, S::stopped, Do::nothing},
    Want{S::disabled, E::unclaimed, S::not_claimed, Do::nothing},
    Want{S::stopped, E::unclaimed, S::not_claimed, Do::nothing},
    Want{S::stopped, E::turned_off, S::disabled, Do::nothing},
    Want{S::stopped, E::start, S::waiting, Do::wait},
    Want{S::stopped, E::stop, S::stopped, Do::finished},
    Want{S::waiting, E::due, S::env, Do::login},
    Want{S::waiting, E::stop, S::stopped, Do::finished},
    Want{S::blocked, E::due, S::env, Do::login},
    Want{S::blocked, E::stop, S::stopped, Do::finished},
    Want{S::banned, E::stop, S::stopped, Do::finished},
    Want{S::env, E::agreed, S::challenge, Do::nothing},
    Want{S::challenge, E::challenged, S::password, Do::nothing},
    Want{S::password, E::credentials, S::dialing, Do::dial},
    Want{S::dialing, E::dialed, S::tls, Do::nothing},
    Want{S::tls, E::secured, S::websocket, Do::nothing},
    Want{S::websocket, E::upgraded, S::connect, Do::nothing},
    Want{S::connect, E::accepted, S::online, Do::announce},
    Want{S::online, E::ordered, S::draining, Do::goodbye},
    Want{S::online, E::stop, S::draining, Do::goodbye},
    Want{S::draining, E::said, S::closing, Do::close},
    Want{S::draining, E::overdue, S::closing, Do::close},
    Want{S::draining, E::stop, S::draining, Do::nothing},
    Want{S::closing, E::stop, S::closing, Do::nothing},
};
constexpr std::array kAttempt{S::env, S::challenge, S::password, S::dialing, S::tls, S::websocket, S::connect};

std::set<std::pair<ConnectionState, Event>> wanted_pairs() {
  std::set<std::pair<ConnectionState, Event>> pairs;
  for (const auto &w : kWanted) pairs.emplace(w.in, w.on);
  for (const auto s : kAttempt) pairs.insert({{s, E::failed}, {s, E::overdue}, {s, E::stop}});
  pairs.insert({{S::online, E::failed}, {S::draining, E::failed}, {S::closing, E::failed}, {S::closing, E::overdue}});
  return pairs;
}

std::string says(ConnectionState in, Event on, const Facts &f, ConnectionState to, Do act) {
  const auto n = next(in, on, f);
  if (n.known && n.state == to && n.act == act) return {};
  return std::string(state_name(in)) + " + " + std::string(test::event_text(on)) + " leads to " + state_name(n.state);
}

std::string states__plain_rows__lead_where_they_should() {
  for (const auto &w : kWanted)
    if (auto e = says(w.in, w.on, w.facts, w.next, w.act); !e.empty()) return e;
  return {};
}

std::string states__every_stage_that_fails__waits_as_long_as_the_cloud_or_the_backoff_says() {
  for (const auto s : {S::dialing, S::tls, S::websocket, S::connect, S::online})
    if (auto e = says(s, E::failed, {}, S::waiting, Do::wait); !e.empty()) return e;
  for (const auto s : {S::env, S::challenge, S::password})
    for (auto e :
         {says(s, E::failed, {}, S::waiting, Do::wait), says(s, E::failed, {.blocked = true}, S::blocked, Do::wait),
          says(s, E::failed, {.banned = true}, S::banned, Do::nothing),
          says(s, E::failed, {.banned = true, .blocked = true}, S::banned, Do::nothing)})
      if (!e.empty()) return e;
  return {};
}

std::string states__every_attempt__is_dropped_by_stop_and_by_its_deadline() {
  for (const auto s : kAttempt)
    for (auto e :
         {says(s, E::stop, {.stopping = true}, S::stopped, Do::abort), says(s, E::overdue, {}, S::waiting, Do::wait)})
      if (!e.empty()) return e;
  return {};
}

std::string states__leaving__ends_by_what_it_was_for() {
  for (const auto on : {E::failed, E::overdue})
    for (auto e :
         {says(S::closing, on, {}, S::waiting, Do::wait), says(S::closing, on, {.blocked = true}, S::blocked, Do::wait),
          says(S::closing, on, {.banned = true}, S::banned, Do::nothing),
          says(S::closing, on, {.stopping = true, .banned = true, .blocked = true}, S::stopped,
               on == E::failed ? Do::finished : Do::abort)})
      if (!e.empty()) return e;
  for (auto e : {says(S::draining, E::failed, {}, S::waiting, Do::wait),
                 says(S::draining, E::failed, {.blocked = true}, S::blocked, Do::wait),
                 says(S::draining, E::failed, {.banned = true}, S::banned, Do::nothing),
                 says(S::draining, E::failed, {.stopping = true}, S::stopped, Do::finished)})
    if (!e.empty()) return e;
  return {};
}

std::string states__anything_else__changes_nothing() {
  const auto pairs = wanted_pairs();
  for (std::size_t s = 0; s < kStates; ++s)
    for (std::size_t e = 0; e < kEvents; ++e) {
      const auto on = static_cast<Event>(e);
      const auto n = next(state(s), on, {});
      const bool wanted = pairs.contains({state(s), on});
      if (n.known != wanted)
        return std::string(state_name(state(s))) + " + " + std::string(test::event_text(on)) +
               (wanted ? " is missing" : "");
      if (!n.known && (n.state != state(s) || n.act != Do::nothing)) return "an unknown event did something";
    }
  return {};
}

// Each row of the table is the one that some situation leads to: none is dead.
std::string states__every_row__is_reachable() {
  std::set<const Move *> used;
  for (std::size_t s = 0; s < kStates; ++s)
    for (std::size_t e = 0; e < kEvents; ++e)
      for (unsigned f = 0; f < 8; ++f) {
        const Facts facts{(f & 1U) != 0, (f & 2U) != 0, (f & 4U) != 0};
        const auto n = next(state(s), static_cast<Event>(e), facts);
        for (const auto &m : moves())
          if (n.known && m.on == static_cast<Event>(e) && m.in.has(state(s)) && m.next == n.state && m.act == n.act) {
            used.insert(&m);
            break;
          }
      }
  EXPECT_EQ(used.size(), moves().size());
  return {};
}

std::string states__each__has_a_name_a_bound_and_a_way_out() {
  std::set<std::string> names;
  for (std::size_t s = 0; s < kStates; ++s) {
    const auto &i = info(state(s));
    if (!names.emplace(i.name).second || i.waits_for.empty() || i.bound.empty()) return "row " + std::to_string(s);
    bool out = false;
    for (const auto &m : moves()) out = out || (m.in.has(state(s)) && m.next != state(s));
    if (!out) return "no way out of " + std::string(i.name);
  }
  return {};
}

// A state that something outside has to end has a timer, and the timer's event has a row. The others wait for a person,
// for a timer of their own, or (online) are watched by the connection.
std::string states__no_state__can_last_for_ever_by_accident() {
  for (std::size_t s = 0; s < kStates; ++s) {
    const bool has_row = next(state(s), E::overdue, {}).known;
    if (has_row != (info(state(s)).deadline.count() > 0)) return std::string("deadline of ") + state_name(state(s));
  }
  for (const auto s : kAttempt) EXPECT(info(s).deadline.count() > 0);
  EXPECT(info(S::draining).deadline.count() > 0 && info(S::closing).deadline.count() > 0);
  for (const auto s : {S::waiting, S::blocked}) EXPECT(next(s, E::due, {}).known);
  return {};
}

std::string states__the_page__is_the_table() {
  std::ifstream file(ACLK_STATES_MD);
  std::stringstream text;
  text << file.rdbuf();
  if (text.str() != test::states_md()) return "aclk/session/STATES.md is out of date: session_states_md makes it";
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(states__plain_rows__lead_where_they_should),
    ACLK_TEST(states__every_stage_that_fails__waits_as_long_as_the_cloud_or_the_backoff_says),
    ACLK_TEST(states__every_attempt__is_dropped_by_stop_and_by_its_deadline),
    ACLK_TEST(states__leaving__ends_by_what_it_was_for),
    ACLK_TEST(states__anything_else__changes_nothing),
    ACLK_TEST(states__every_row__is_reachable),
    ACLK_TEST(states__each__has_a_name_a_bound_and_a_way_out),
    ACLK_TEST(states__no_state__can_last_for_ever_by_accident),
    ACLK_TEST(states__the_page__is_the_table),
};

}  // namespace
}  // namespace test_states

int run_states_tests() { return cmocka_run_group_tests_name("states", test_states::tests, nullptr, nullptr); }
