// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every state of the module's life and every order in it.
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "aclk/module/lifecycle.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/module/tests.h"

namespace test_lifecycle {
using aclk::module::Lifecycle;

namespace {

using State = Lifecycle::State;
using Due = Lifecycle::Due;
using Turn = Lifecycle::Turn;

constexpr std::array kStates{State::off, State::wiping, State::idle, State::looking, State::living, State::ending};

// On the shortest way, with nothing noted.
Lifecycle in(State state) {
  Lifecycle l;
  if (state == State::wiping) (void)l.unclaim();
  if (state == State::off || state == State::wiping) {
    (void)l.take();
    return l;
  }
  (void)l.start();
  if (state != State::idle) (void)l.begin();
  (void)l.take();
  if (state == State::living || state == State::ending) (void)l.thread_begun();
  if (state == State::ending) l.stop();
  return l;
}

std::string text(const Lifecycle &l) {
  constexpr std::array kNames{"off", "wiping", "idle", "looking", "living", "ending"};
  constexpr std::array kDues{"", "+reread", "+wipe"};
  return std::string(kNames.at(static_cast<std::size_t>(l.state()))) + kDues.at(static_cast<std::size_t>(l.due()));
}

std::string turn_text(Turn turn) {
  constexpr std::array kNames{"go ", "look ", "end "};
  return kNames.at(static_cast<std::size_t>(turn));
}

std::string start_text(Lifecycle::Start start) {
  constexpr std::array kNames{"done ", "already ", "later "};
  return kNames.at(static_cast<std::size_t>(start));
}

// What an order answers and leads to, from each of kStates in their order.
std::string lifecycle__every_order_in_every_state__is_as_the_table_says() {
  struct Row {
    const char *order;
    std::function<std::string(Lifecycle &)> give;
    std::vector<std::string> expected;
  };
  const std::vector<Row> rows{
      {"start",
       [](Lifecycle &l) { return start_text(l.start()); },
       {"done idle", "done looking+reread", "already idle", "already looking", "already living", "later ending"}},
      {"stop",
       [](Lifecycle &l) {
         l.stop();
         return std::string();
       },
       {"off", "wiping", "off", "wiping", "ending", "ending"}},
      {"begin",
       [](Lifecycle &l) { return turn_text(l.begin()); },
       {"go off", "go wiping", "look looking+reread", "go looking", "go living", "go ending"}},
      {"reload",
       [](Lifecycle &l) { return turn_text(l.reload()); },
       {"go off", "go wiping", "look looking+reread", "go looking+reread", "end living+reread", "go ending"}},
      {"unclaim",
       [](Lifecycle &l) { return turn_text(l.unclaim()); },
       {"look wiping+wipe", "go wiping+wipe", "look looking+wipe", "go looking+wipe", "end living+wipe",
        "end ending+wipe"}},
      {"thread_begun",
       [](Lifecycle &l) { return std::string(l.thread_begun() ? "yes " : "no "); },
       {"no off", "no wiping", "no idle", "yes living", "no living", "no ending"}},
      {"leave",
       [](Lifecycle &l) { return std::string(l.leave() ? "yes " : "no "); },
       {"yes off", "yes off", "yes idle", "yes idle", "yes idle", "yes off"}},
  };
  for (const auto &row : rows)
    for (std::size_t i = 0; i < kStates.size(); ++i) {
      auto l = in(kStates.at(i));
      EXPECT(l.state() == kStates.at(i) && l.due() == Due::nothing);
      const auto answer = row.give(l);
      EXPECT_EQ(std::string(row.order) + ": " + answer + text(l), std::string(row.order) + ": " + row.expected.at(i));
    }
  return {};
}

std::string lifecycle__order_noted_while_somebody_looks__is_done_before_he_leaves() {
  for (const auto state : {State::looking, State::living}) {
    auto l = in(state);
    (void)l.reload();
    EXPECT(!l.leave());
    EXPECT(l.take() == Due::reread);
    EXPECT(l.leave());
  }
  return {};
}

std::string lifecycle__wipe__outlives_a_stop_and_a_reload() {
  auto l = in(State::living);
  (void)l.unclaim();
  (void)l.reload();  // is in it
  l.stop();
  EXPECT(!l.leave());
  EXPECT(l.take() == Due::wipe);
  EXPECT(l.leave() && l.state() == State::off);
  return {};
}

std::string lifecycle__reread_that_nobody_needs_any_more__ends_with_the_stop() {
  auto l = in(State::living);
  (void)l.reload();
  l.stop();
  EXPECT(l.leave() && l.state() == State::off && l.due() == Due::nothing);
  return {};
}

std::string lifecycle__started_while_a_caller_wipes__is_looked_at_by_that_caller() {
  auto l = in(State::wiping);
  EXPECT(l.start() == Lifecycle::Start::done);
  EXPECT(l.begin() == Turn::go);
  EXPECT(!l.leave());
  EXPECT(l.take() == Due::reread && l.thread_begun() && l.has_thread());
  return {};
}

std::string lifecycle__stopped_while_a_caller_looks__begins_no_thread() {
  auto l = in(State::looking);
  l.stop();
  EXPECT(!l.thread_begun());
  EXPECT(l.leave() && l.state() == State::off);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(lifecycle__every_order_in_every_state__is_as_the_table_says),
    ACLK_TEST(lifecycle__order_noted_while_somebody_looks__is_done_before_he_leaves),
    ACLK_TEST(lifecycle__wipe__outlives_a_stop_and_a_reload),
    ACLK_TEST(lifecycle__reread_that_nobody_needs_any_more__ends_with_the_stop),
    ACLK_TEST(lifecycle__started_while_a_caller_wipes__is_looked_at_by_that_caller),
    ACLK_TEST(lifecycle__stopped_while_a_caller_looks__begins_no_thread),
};

}  // namespace
}  // namespace test_lifecycle

int run_lifecycle_tests() { return cmocka_run_group_tests_name("lifecycle", test_lifecycle::kTests, nullptr, nullptr); }
