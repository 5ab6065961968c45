// SPDX-License-Identifier: GPL-3.0-or-later
//
// Scheduling (aclk/query/README.md, "Scheduling", "Cancelling"): what happens when, and what holds over any sequence of
// events.
#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "aclk/query/admission.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/query/tests.h"
#include "tests/unit/random_steps.h"

namespace test_admission {
using namespace aclk::query;
using namespace std::chrono_literals;
using aclk::loop::Instant;

namespace {

const Instant kT0{1h};

AdmissionLimits limits(unsigned running, std::size_t waiting = 100, std::size_t bytes = 1000) {
  AdmissionLimits l;
  l.running = running;
  l.waiting = waiting;
  l.waiting_bytes = bytes;
  return l;
}

std::string show(const Actions &actions) {
  static const std::map<Do, std::string> names{
      {Do::start, "start"},      {Do::interrupt, "interrupt"},    {Do::deliver, "deliver"},
      {Do::discard, "discard"},  {Do::answer_timeout, "timeout"}, {Do::answer_cancelled, "cancelled"},
      {Do::answer_busy, "busy"}, {Do::give_up, "give-up"}};
  std::string s;
  for (const auto &a : actions) s += (s.empty() ? "" : " ") + names.at(a.what) + " " + std::to_string(a.id);
  return s;
}

// An Admission whose every step is text.
struct Rig {
  explicit Rig(const AdmissionLimits &l) : a(l) { a.link_up(); }
  Admission a;
  Instant now = kT0;

  std::string arrive(const std::string &msg_id = "m", std::size_t bytes = 10, std::chrono::milliseconds timeout = 0ms) {
    Actions out;
    (void)a.arrived({.msg_id = msg_id, .bytes = bytes, .timeout = timeout}, now, out);
    return show(out);
  }
  std::string finish(QueryId id) {
    Actions out;
    a.finished(id, now, out);
    return show(out);
  }
  std::string cancel(const std::string &msg_id) {
    Actions out;
    const bool found = a.cancel(msg_id, now, out);
    return found ? show(out) : "none" + show(out);
  }
  std::string tick() {
    Actions out;
    a.tick(now, out);
    return show(out);
  }
  std::string lose() {
    Actions out;
    a.link_lost(out);
    return show(out);
  }
  std::string shut() {
    Actions out;
    a.shutdown(out);
    return show(out);
  }
};

std::string admission__free_worker__starts_at_once_and_delivers() {
  Rig r(limits(2));
  EXPECT_EQ(r.arrive(), "start 1");
  EXPECT_EQ(r.arrive(), "start 2");
  EXPECT_EQ(r.arrive(), "");
  EXPECT_EQ(r.finish(2), "deliver 2 start 3");
  EXPECT_EQ(r.finish(1), "deliver 1");
  EXPECT_EQ(r.finish(3), "deliver 3");
  EXPECT_EQ(r.finish(3), "");
  EXPECT_EQ(r.finish(99), "");
  return {};
}

std::string admission__equal_msg_ids__are_all_answered() {
  Rig r(limits(1));
  EXPECT_EQ(r.arrive("same"), "start 1");
  EXPECT_EQ(r.arrive("same"), "");
  EXPECT_EQ(r.arrive("same"), "");
  EXPECT_EQ(r.finish(1), "deliver 1 start 2");
  EXPECT_EQ(r.finish(2), "deliver 2 start 3");
  EXPECT_EQ(r.finish(3), "deliver 3");
  return {};
}

std::string admission__deadline__counts_from_arrival_and_is_answered_when_it_passes() {
  Rig r(limits(1));
  r.arrive("a");
  r.arrive("b", 10, 500ms);
  r.arrive("c", 10, 100ms);
  EXPECT(r.a.next_due() == kT0 + 100ms);
  r.now = kT0 + 99ms;
  EXPECT_EQ(r.tick(), "");
  r.now = kT0 + 100ms;
  EXPECT_EQ(r.tick(), "timeout 3");
  EXPECT(r.a.next_due() == kT0 + 500ms);
  r.now = kT0 + 600ms;
  EXPECT_EQ(r.finish(1), "deliver 1 timeout 2");
  EXPECT(!r.a.next_due());
  return {};
}

std::string admission__running_query_past_its_deadline__is_still_delivered() {
  Rig r(limits(1));
  r.arrive("a", 10, 50ms);
  EXPECT(!r.a.next_due());
  EXPECT(r.a.deadline(1) == kT0 + 50ms);
  r.now += 10s;
  EXPECT_EQ(r.tick(), "");
  EXPECT_EQ(r.finish(1), "deliver 1");
  EXPECT(!r.a.deadline(1));
  return {};
}

std::string admission__no_timeout__is_the_default() {
  Rig r(limits(1));
  r.arrive();
  r.arrive();
  EXPECT(r.a.next_due() == kT0 + 120s);
  return {};
}

std::string admission__full_queue__says_busy_by_count_and_by_bytes() {
  Rig r(limits(1, 2, 100));
  EXPECT_EQ(r.arrive("a", 5000), "start 1");  // nothing waits: its size does not matter
  EXPECT_EQ(r.arrive("b", 101), "busy 2");
  EXPECT_EQ(r.arrive("c", 60), "");
  EXPECT_EQ(r.arrive("d", 41), "busy 4");
  EXPECT_EQ(r.arrive("e", 40), "");
  EXPECT_EQ(r.a.waiting_bytes(), 100U);
  EXPECT_EQ(r.arrive("f", 0), "busy 6");
  EXPECT_EQ(r.finish(1), "deliver 1 start 3");
  EXPECT_EQ(r.arrive("g", 60), "");
  EXPECT_EQ(r.a.waiting_bytes(), 100U);
  return {};
}

std::string admission__cancel__answers_waiting_and_interrupts_running_once() {
  Rig r(limits(1));
  r.arrive("x");
  r.arrive("y");
  r.arrive("x");
  EXPECT_EQ(r.cancel("x"), "cancelled 3 interrupt 1");
  EXPECT_EQ(r.cancel("x"), "");
  EXPECT_EQ(r.cancel("z"), "none");
  EXPECT_EQ(r.finish(1), "deliver 1 start 2");
  EXPECT_EQ(r.cancel("x"), "none");
  return {};
}

std::string admission__link_lost__forgets_waiting_and_never_delivers_what_ran() {
  Rig r(limits(2));
  r.arrive("a");
  r.arrive("b");
  r.arrive("c");
  EXPECT_EQ(r.lose(), "discard 3 interrupt 1 interrupt 2");
  EXPECT_EQ(r.arrive("d"), "discard 4");
  r.a.link_up();
  EXPECT_EQ(r.arrive("a"), "");  // both workers are still busy with the old ones
  EXPECT_EQ(r.cancel("b"), "none");
  EXPECT_EQ(r.finish(1), "discard 1 start 5");
  EXPECT_EQ(r.finish(5), "deliver 5");
  EXPECT_EQ(r.finish(2), "discard 2");
  return {};
}

std::string admission__link_lost_twice__stays_quiet() {
  Rig r(limits(1));
  r.arrive();
  EXPECT_EQ(r.lose(), "interrupt 1");
  EXPECT_EQ(r.lose(), "");
  return {};
}

std::string admission__shutdown__cancels_everything_and_delivers_what_comes_back() {
  Rig r(limits(1));
  r.arrive("a");
  r.arrive("b");
  EXPECT_EQ(r.shut(), "cancelled 2 interrupt 1");
  EXPECT_EQ(r.arrive("c"), "discard 3");
  EXPECT_EQ(r.finish(1), "deliver 1");
  r.a.link_up();
  EXPECT_EQ(r.arrive("d"), "start 4");
  return {};
}

std::string admission__before_the_first_link__discards() {
  Admission a(limits(1));
  Actions out;
  (void)a.arrived({.msg_id = "m", .bytes = 1}, kT0, out);
  EXPECT_EQ(show(out), "discard 1");
  return {};
}

std::string admission__limit_zero__still_runs_one() {
  Rig r(limits(0));
  EXPECT_EQ(r.arrive(), "start 1");
  EXPECT_EQ(r.arrive(), "");
  return {};
}

// Follows what an Admission says and complains about anything that breaks a promise of its header.
struct Judge {
  enum class At { waiting, running, ended };
  struct Seen {
    At at = At::waiting;
    unsigned epoch = 0;
    int interrupts = 0;
    Instant deadline;
    Instant overdue = Instant::max();  // when it may be given up; its hook has returned
  };
  std::map<QueryId, Seen> seen;
  unsigned epoch = 0;
  unsigned max_running = 1;
  QueryId last_started = 0;
  std::string wrong;

  std::size_t count(At at) const {
    return static_cast<std::size_t>(
        std::count_if(seen.begin(), seen.end(), [&](const auto &s) { return s.second.at == at; }));
  }
  bool returned() const {
    return std::any_of(seen.begin(), seen.end(),
                       [](const auto &s) { return s.second.at == At::running && s.second.overdue != Instant::max(); });
  }
  void complain(const std::string &what, QueryId id) {
    if (wrong.empty()) wrong = what + " " + std::to_string(id);
  }
  void see(const Actions &actions, Instant now) {
    for (const auto &[what, id] : actions) {
      const auto it = seen.find(id);
      if (it == seen.end()) {
        complain("unknown id", id);
        return;
      }
      auto &s = it->second;
      if (s.at == At::ended) complain("spoke again after its end", id);
      switch (what) {
        case Do::start:
          if (s.at != At::waiting) complain("started twice", id);
          if (id < last_started) complain("started out of order", id);
          if (s.deadline <= now) complain("started after its deadline", id);
          if (s.epoch != epoch) complain("started for an old connection", id);
          last_started = id;
          s.at = At::running;
          if (count(At::running) > max_running) complain("too many running", id);
          continue;
        case Do::interrupt:
          if (s.at != At::running || ++s.interrupts > 1) complain("interrupted wrongly", id);
          continue;
        case Do::deliver:
          if (s.at != At::running || s.epoch != epoch) complain("delivered wrongly", id);
          break;
        case Do::discard:
          if (s.at == At::running && s.epoch == epoch) complain("reply lost", id);
          break;
        case Do::give_up:
          if (s.at != At::running || s.overdue > now) complain("given up early", id);
          break;
        case Do::answer_timeout:
          if (s.at != At::waiting || s.deadline > now) complain("timed out early", id);
          break;
        case Do::answer_cancelled:
        case Do::answer_busy:
          if (s.at != At::waiting) complain("answered while running", id);
          break;
      }
      s.at = At::ended;
    }
  }
};

std::string admission__hook_returned_without_an_answer__is_given_up_after_deadline_and_grace() {
  auto l = limits(1);
  l.grace = 2s;
  Rig r(l);
  EXPECT_EQ(r.arrive("a", 10, 5s), "start 1");
  EXPECT_EQ(r.arrive("b", 10, 60s), "");
  r.a.returned(1);
  EXPECT(r.a.next_due() == kT0 + 7s);
  r.now = kT0 + 7s - 1ms;
  EXPECT_EQ(r.tick(), "");
  r.now = kT0 + 7s;
  EXPECT_EQ(r.tick(), "give-up 1 start 2");
  EXPECT_EQ(r.finish(1), "");
  r.a.returned(1);
  EXPECT(!r.a.next_due());
  r.a.returned(2);
  r.now = kT0 + 61s;
  EXPECT_EQ(r.finish(2), "deliver 2");  // late, but within the grace
  EXPECT(!r.a.next_due());
  return {};
}

std::string admission__given_up_after_the_link_was_lost__frees_the_place_for_the_next_link() {
  auto l = limits(1);
  l.grace = 1s;
  Rig r(l);
  (void)r.arrive("a", 10, 5s);
  r.a.returned(1);
  EXPECT_EQ(r.lose(), "interrupt 1");
  r.a.link_up();
  EXPECT_EQ(r.arrive("b", 10, 60s), "");
  r.now = kT0 + 6s;
  EXPECT_EQ(r.cancel("c"), "nonegive-up 1 start 2");
  return {};
}

std::string admission__any_sequence_of_events__keeps_every_promise() {
  for (unsigned seed = 0; seed < std::max(30U, std::min(300U, aclk::test::seeds() / 10)); ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    auto l = limits(1 + pick(4), pick(6), pick(200));
    l.grace = std::chrono::milliseconds(pick(50));
    l.default_timeout = 500ms;
    Admission a(l);
    Judge judge;
    judge.max_running = l.running;
    Instant now = kT0;
    bool up = false;
    for (int step = 0; step < 400; ++step) {
      now += std::chrono::milliseconds(pick(30));
      Actions out;
      switch (pick(12)) {
        case 0:
          up = true;
          a.link_up();
          break;
        case 1:
          if (pick(4) != 0) break;
          a.link_lost(out);
          up = false;
          // What is discarded or interrupted belongs to the connection that just ended.
          ++judge.epoch;
          break;
        case 2:
          if (pick(4) != 0) break;
          a.shutdown(out);
          up = false;
          break;
        case 3:
          (void)a.cancel("m" + std::to_string(pick(5)), now, out);
          break;
        case 4:
          a.tick(now, out);
          break;
        case 5:
        case 6:
        case 7: {
          std::vector<QueryId> running;
          for (const auto &[id, s] : judge.seen)
            if (s.at == Judge::At::running) running.push_back(id);
          if (running.empty()) break;
          const auto id = running[pick(static_cast<unsigned>(running.size()))];
          if (pick(3) != 0) {
            a.finished(id, now, out);
          } else {
            a.returned(id);
            judge.seen[id].overdue = judge.seen[id].deadline + l.grace;
          }
          break;
        }
        default: {
          const auto timeout = std::chrono::milliseconds(pick(200));
          const auto id =
              a.arrived({.msg_id = "m" + std::to_string(pick(5)), .bytes = pick(80), .timeout = timeout}, now, out);
          judge.seen[id] = {Judge::At::waiting, judge.epoch, 0, now + (timeout > 0ms ? timeout : l.default_timeout)};
          if (!up && (out.empty() || out.back() != Action{Do::discard, id})) return "accepted while down";
        }
      }
      judge.see(out, now);
      EXPECT_EQ(judge.wrong, "");
      EXPECT_EQ(a.running(), judge.count(Judge::At::running));
      EXPECT_EQ(a.waiting(), judge.count(Judge::At::waiting));
      EXPECT(a.waiting() <= l.waiting && a.waiting_bytes() <= l.waiting_bytes);
      EXPECT_EQ(a.next_due().has_value(), a.waiting() > 0 || judge.returned());
      EXPECT(a.waiting() == 0 || a.running() >= l.running);
    }
    // Whatever happened, in the end everybody has exactly one end.
    Actions out;
    while (judge.count(Judge::At::running) + judge.count(Judge::At::waiting) > 0) {
      out.clear();
      const auto it = std::find_if(judge.seen.begin(), judge.seen.end(),
                                   [](const auto &s) { return s.second.at == Judge::At::running; });
      EXPECT(it != judge.seen.end());
      a.finished(it->first, now, out);
      judge.see(out, now);
      EXPECT_EQ(judge.wrong, "");
    }
    EXPECT_EQ(a.running() + a.waiting() + a.waiting_bytes(), 0U);
  }
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(admission__free_worker__starts_at_once_and_delivers),
    ACLK_TEST(admission__equal_msg_ids__are_all_answered),
    ACLK_TEST(admission__deadline__counts_from_arrival_and_is_answered_when_it_passes),
    ACLK_TEST(admission__running_query_past_its_deadline__is_still_delivered),
    ACLK_TEST(admission__no_timeout__is_the_default),
    ACLK_TEST(admission__full_queue__says_busy_by_count_and_by_bytes),
    ACLK_TEST(admission__cancel__answers_waiting_and_interrupts_running_once),
    ACLK_TEST(admission__link_lost__forgets_waiting_and_never_delivers_what_ran),
    ACLK_TEST(admission__link_lost_twice__stays_quiet),
    ACLK_TEST(admission__shutdown__cancels_everything_and_delivers_what_comes_back),
    ACLK_TEST(admission__before_the_first_link__discards),
    ACLK_TEST(admission__limit_zero__still_runs_one),
    ACLK_TEST(admission__hook_returned_without_an_answer__is_given_up_after_deadline_and_grace),
    ACLK_TEST(admission__given_up_after_the_link_was_lost__frees_the_place_for_the_next_link),
    ACLK_TEST(admission__any_sequence_of_events__keeps_every_promise),
};

}  // namespace
}  // namespace test_admission

int aclk::query::test::admission_tests() {
  return cmocka_run_group_tests_name("query admission", test_admission::kTests, nullptr, nullptr);
}
