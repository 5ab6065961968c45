// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reading a host that ends its readings later: from other threads, twice, late, never.
#include "aclk/host/reader.h"

#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "aclk/loop/loop.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/host/tests.h"
#include "tests/unit/host_table.h"

namespace test_reader {
using namespace aclk;
using namespace aclk::host;
using namespace std::chrono_literals;
using test::as_str;

namespace {

const std::string kGuid = "22222222-2222-4222-8222-222222222222";
const std::string kHash = "33333333-3333-4333-8333-333333333333";

// What is kept of a naclk_read, whose texts go when the hook returns.
struct Kept {
  naclk_read way;  // its texts are not to be looked at
  std::string guid;
  std::string hash;

  [[nodiscard]] bool interrupted() const { return way.interrupted(way.request) != 0; }
  void end(int error = 0) const { way.complete(way.request, error, nullptr); }
};

class Rig {
 public:
  explicit Rig(bool later = true) : host_(test::adopted(table(later))) {}
  ~Rig() {
    reader.reset();
    pool_.reset();
    inbox_.reset();
    loop_.drain();
  }
  Rig(const Rig &) = delete;
  Rig &operator=(const Rig &) = delete;

  template <class R>
  void read(R what) {
    reader->read(std::move(what), [this](Result<typename R::Value> result) {
      ends.push_back(result ? "" : result.error().what);
      if (!result) return;
      if constexpr (std::is_same_v<R, NodeListing>) nodes = *result;
      if constexpr (std::is_same_v<R, AlertLogReading>) log = *result;
      if constexpr (std::is_same_v<R, NodeContexts>) contexts = *result;
    });
  }
  // The nth reading that the host was asked for.
  [[nodiscard]] const Kept &asked(std::size_t n) const { return kept_.at(n); }
  [[nodiscard]] std::size_t asked() const { return kept_.size(); }
  // Turns the loop until n readings have ended; false after five seconds.
  bool until_ended(std::size_t n) {
    bool late = false;
    loop::Timer guard(loop_.uv());
    guard.start(5s, [&late] { late = true; });
    while (!late && ends.size() < n) uv_run(&loop_.uv(), UV_RUN_ONCE);
    return !late;
  }
  void turn() { loop_.drain(); }
  [[nodiscard]] const Host &host() const { return host_; }
  [[nodiscard]] std::string lines() const { return lines_; }

 private:
  naclk_host table(bool later) {
    auto t = test::empty_host(this);
    t.log = [](void *self, naclk_log_source, naclk_log_level, naclk_str line) {
      static_cast<Rig *>(self)->lines_ += std::string(line.data, line.len) + ";";
    };
    t.contexts = [](void *, naclk_str, naclk_context_fn visit, void *ctx) {
      naclk_context c{};
      c.size = sizeof c;
      c.id = as_str("of.a.worker");
      return visit(ctx, &c);
    };
    if (later)
      t.read = [](void *self, const naclk_read *r) {
        static_cast<Rig *>(self)->kept_.push_back({*r, std::string(r->machine_guid.data, r->machine_guid.len),
                                                   std::string(r->config_hash.data, r->config_hash.len)});
      };
    return t;
  }

  std::string lines_;
  std::deque<Kept> kept_;
  Host host_;
  loop::Loop loop_;
  std::optional<loop::Inbox> inbox_{std::in_place, loop_.uv()};
  std::optional<loop::WorkerPool> pool_{std::in_place, "HOST", 2, *inbox_};

 public:
  std::optional<Reader> reader{std::in_place, loop_.uv(), host_, *pool_, inbox_->poster()};
  std::vector<std::string> ends;  // "" or the error of each that ended
  std::vector<Node> nodes;
  AlertLog log;
  std::vector<proto::ContextUpdated> contexts;
};

naclk_node node() {
  naclk_node n{};
  n.size = sizeof n;
  n.machine_guid = as_str(kGuid);
  n.hostname = as_str("child");
  n.hops = 1;
  return n;
}

naclk_context context(const std::string &id) {
  naclk_context c{};
  c.size = sizeof c;
  c.id = as_str(id);
  return c;
}

naclk_alert alert(std::uint64_t log_id) {
  naclk_alert a{};
  a.size = sizeof a;
  a.log_id = log_id;
  a.alert_id = as_str("load.load");
  a.name = as_str("load");
  return a;
}

std::string reader__host_that_reads_later__is_asked_by_kind_with_what_it_is_about() {
  Rig r;
  r.read(NodeListing{});
  r.read(NodeFacts{{kGuid}, {}});
  r.read(NodeCollectors{{kGuid}, {}});
  r.read(NodeContexts{{kGuid}, {}});
  r.read(AlertLogReading{{kGuid}, 7, 100, {}, {}});
  r.read(ActiveAlerts{{kGuid}, {}});
  r.read(AlertDefinition{kHash, {}});
  EXPECT_EQ(r.asked(), 7U);
  for (std::size_t i = 0; i < 7; ++i) {
    const auto &a = r.asked(i);
    EXPECT_EQ(a.way.kind, i + 1);
    EXPECT_EQ(a.way.size, sizeof(naclk_read));
    EXPECT_EQ(a.way.deadline_ms, 10'000U);
    EXPECT_EQ(a.guid, i == 0 || i == 6 ? "" : kGuid);
    EXPECT_EQ(a.hash, i == 6 ? kHash : "");
  }
  EXPECT_EQ(r.asked(4).way.after, 7U);
  EXPECT_EQ(r.asked(4).way.limit, 100U);
  EXPECT(r.ends.empty());
  return {};
}

std::string reader__what_another_thread_shows__comes_to_the_loop_as_values() {
  Rig r;
  r.read(NodeListing{});
  r.read(AlertLogReading{{kGuid}, 7, 100, {}, {}});
  std::thread([&] {
    const auto n = node();
    const auto &nodes = r.asked(0).way;
    (void)nodes.show_node(nodes.request, &n);
    (void)nodes.show_node(nodes.request, &n);
    nodes.complete(nodes.request, 0, nullptr);
    const auto &log = r.asked(1).way;
    for (std::uint64_t id = 8; id < 11; ++id) {
      const auto a = alert(id);
      (void)log.show_alert(log.request, &a);
    }
    naclk_alert_log_end end{};
    end.size = sizeof end;
    end.last_log_id = 12;
    end.gap = 1;
    log.complete(log.request, 0, &end);
  }).join();
  EXPECT(r.ends.empty());  // not before the loop turns
  EXPECT(r.until_ended(2));
  EXPECT_EQ(r.nodes.size(), 2U);
  EXPECT_EQ(r.nodes[1].hostname, "child");
  EXPECT_EQ(r.log.entries.size(), 3U);
  EXPECT_EQ(r.log.last_log_id, 12U);
  EXPECT(r.log.gap);
  EXPECT_EQ(r.host().readings().counters().open, 0U);
  return {};
}

std::string reader__ended_with_an_error__is_that_error_and_noted() {
  Rig r;
  r.read(NodeContexts{{kGuid}, {}});
  r.asked(0).end(-EIO);
  EXPECT(r.until_ended(1));
  EXPECT(r.ends[0].starts_with("the agent's database did not give the contexts of node " + kGuid));
  EXPECT_EQ(r.host().unreadable().size(), 1U);
  EXPECT(r.lines().find("the contexts of node " + kGuid + " cannot be read") != std::string::npos);
  r.read(NodeContexts{{kGuid}, {}});
  r.asked(1).end();
  EXPECT(r.until_ended(2));
  EXPECT(r.host().unreadable().empty());
  return {};
}

std::string reader__end_of_an_alert_log_without_where__is_an_error() {
  Rig r;
  r.read(AlertLogReading{{kGuid}, 0, 0, {}, {}});
  r.asked(0).end();
  EXPECT(r.until_ended(1));
  EXPECT_EQ(r.ends[0], "the agent's database did not say where the alert log of node " + kGuid + " ends");
  return {};
}

std::string reader__things_of_another_kind__are_not_wanted() {
  Rig r;
  r.read(NodeListing{});
  const auto &way = r.asked(0).way;
  const auto a = alert(1);
  const auto c = context("system.cpu");
  EXPECT(way.show_alert(way.request, &a) != 0);
  EXPECT(way.show_context(way.request, &c) != 0);
  const auto n = node();
  EXPECT_EQ(way.show_node(way.request, &n), 0);
  r.asked(0).end();
  EXPECT(r.until_ended(1));
  EXPECT_EQ(r.nodes.size(), 1U);
  return {};
}

std::string reader__ended_twice__the_second_is_ignored_counted_and_said_once() {
  Rig r;
  r.read(NodeListing{});
  for (int i = 0; i < 3; ++i) r.asked(0).end();
  const auto n = node();
  EXPECT(r.asked(0).way.show_node(r.asked(0).way.request, &n) != 0);
  EXPECT(r.asked(0).interrupted());
  EXPECT(r.until_ended(1));
  r.turn();
  EXPECT_EQ(r.ends.size(), 1U);
  EXPECT_EQ(r.host().readings().counters().again, 2U);
  const std::string said = "has answered a question that was answered before";
  EXPECT(r.lines().find(said) != std::string::npos && r.lines().find(said) == r.lines().rfind(said));
  return {};
}

std::string reader__never_ended__is_interrupted_at_the_deadline_and_fails_2_s_later() {
  Rig r;
  const auto now = loop::now();
  r.read(NodeListing{});
  r.reader->tick(now + 9s);
  EXPECT(!r.asked(0).interrupted());
  r.reader->tick(now + 11s);
  EXPECT(r.asked(0).interrupted());
  r.turn();
  EXPECT(r.ends.empty());
  r.reader->tick(now + 14s);
  EXPECT(r.until_ended(1));
  EXPECT(r.ends[0].starts_with("the agent's database did not give the list of nodes: "));
  // What it says now is counted and does nothing.
  const auto n = node();
  EXPECT(r.asked(0).way.show_node(r.asked(0).way.request, &n) != 0);
  r.asked(0).end();
  r.turn();
  EXPECT_EQ(r.ends.size(), 1U);
  EXPECT_EQ(r.host().readings().counters().late, 1U);
  EXPECT_EQ(r.host().readings().counters().open, 0U);
  return {};
}

std::string reader__interrupted__may_still_end_in_the_time_that_is_left() {
  Rig r;
  const auto now = loop::now();
  r.read(NodeListing{});
  r.reader->tick(now + 11s);
  r.asked(0).end(-ECANCELED);
  EXPECT(r.until_ended(1));
  r.reader->tick(now + 60s);
  r.turn();
  EXPECT_EQ(r.ends.size(), 1U);
  return {};
}

std::string reader__more_than_a_host_is_asked_at_once__wait_for_those_to_end() {
  Rig r;
  for (std::size_t i = 0; i < Reader::kLaterAtOnce + 3; ++i) r.read(NodeContexts{{kGuid}, {}});
  EXPECT_EQ(r.asked(), Reader::kLaterAtOnce);
  r.asked(0).end();
  EXPECT(r.until_ended(1));
  EXPECT_EQ(r.asked(), Reader::kLaterAtOnce + 1);
  r.reader->tick(loop::now() + 11s);
  r.reader->tick(loop::now() + 23s);
  EXPECT_EQ(r.asked(), Reader::kLaterAtOnce + 3);
  return {};
}

std::string reader__stopped__interrupts_and_nothing_comes_back() {
  Rig r;
  r.read(NodeContexts{{kGuid}, {}});
  r.read(NodeContexts{{kGuid}, {}});
  r.asked(0).end();  // its end is on its way to the loop
  r.reader->stop();
  EXPECT(r.asked(1).interrupted());
  const auto c = context("system.cpu");
  EXPECT(r.asked(1).way.show_context(r.asked(1).way.request, &c) != 0);
  r.asked(1).end();
  r.read(NodeContexts{{kGuid}, {}});
  r.turn();
  EXPECT(r.ends.empty());
  EXPECT_EQ(r.asked(), 2U);
  r.reader.reset();
  r.turn();
  EXPECT_EQ(r.host().readings().counters().open, 0U);
  return {};
}

std::string reader__gone_with_its_host_still_reading__the_host_may_end_it() {
  Rig r;
  r.read(NodeContexts{{kGuid}, {}});
  r.reader.reset();
  std::thread([&] { r.asked(0).end(); }).join();
  r.turn();
  EXPECT(r.ends.empty());
  EXPECT_EQ(r.host().readings().counters().late, 1U);
  return {};
}

std::string reader__host_that_never_ends_any__is_asked_no_more_above_the_limit() {
  Rig r;
  auto now = loop::now();
  for (std::size_t asked = 0; asked < ReadRequests::kMost; asked += Reader::kLaterAtOnce) {
    for (std::size_t i = 0; i < Reader::kLaterAtOnce; ++i) r.read(AlertDefinition{kHash, {}});
    r.reader->tick(now += 11s);
    r.reader->tick(now += 11s);
  }
  EXPECT_EQ(r.asked(), ReadRequests::kMost);
  r.read(AlertDefinition{kHash, {}});
  EXPECT_EQ(r.asked(), ReadRequests::kMost);
  EXPECT(r.until_ended(ReadRequests::kMost + 1));
  EXPECT(r.ends.back().starts_with("the agent's database did not give the alert definition " + kHash));
  r.asked(0).end();
  r.read(AlertDefinition{kHash, {}});
  EXPECT_EQ(r.asked(), ReadRequests::kMost + 1);
  return {};
}

std::string reader__host_that_blocks__is_read_by_a_worker() {
  Rig r(false);
  EXPECT_EQ(r.reader->at_once(), 2U);
  r.read(NodeContexts{{kGuid}, {}});
  EXPECT(r.until_ended(1));
  EXPECT_EQ(r.contexts.size(), 1U);
  EXPECT_EQ(r.contexts[0].id, "of.a.worker");
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(reader__host_that_reads_later__is_asked_by_kind_with_what_it_is_about),
    ACLK_TEST(reader__what_another_thread_shows__comes_to_the_loop_as_values),
    ACLK_TEST(reader__ended_with_an_error__is_that_error_and_noted),
    ACLK_TEST(reader__end_of_an_alert_log_without_where__is_an_error),
    ACLK_TEST(reader__things_of_another_kind__are_not_wanted),
    ACLK_TEST(reader__ended_twice__the_second_is_ignored_counted_and_said_once),
    ACLK_TEST(reader__never_ended__is_interrupted_at_the_deadline_and_fails_2_s_later),
    ACLK_TEST(reader__interrupted__may_still_end_in_the_time_that_is_left),
    ACLK_TEST(reader__more_than_a_host_is_asked_at_once__wait_for_those_to_end),
    ACLK_TEST(reader__stopped__interrupts_and_nothing_comes_back),
    ACLK_TEST(reader__gone_with_its_host_still_reading__the_host_may_end_it),
    ACLK_TEST(reader__host_that_never_ends_any__is_asked_no_more_above_the_limit),
    ACLK_TEST(reader__host_that_blocks__is_read_by_a_worker),
};

}  // namespace
}  // namespace test_reader

int run_reader_tests() { return cmocka_run_group_tests_name("reader", test_reader::kTests, nullptr, nullptr); }
