// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the cloud orders of nodes, contexts and alerts, by a cloud that means harm: foreign and broken ids, and any of
// it without end. Neither the log nor what the host is asked for may grow with it.
#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "aclk/loop/loop.h"
#include "aclk/sync/alerts/alerts.h"
#include "aclk/sync/contexts/contexts.h"
#include "aclk/sync/nodes/nodes.h"
#include "claim/base/text.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/host_table.h"
#include "tests/unit/sync/tests.h"
#include "tests/unit/temp_dir.h"

namespace test_commands {
using namespace aclk;
using namespace aclk::sync;
using namespace std::chrono_literals;

namespace {

const std::string kClaim = "cccccccc-2222-3333-4444-555555555555";
const std::string kGuid = "11111111-1111-4111-8111-111111111111";
const std::string kNode = "aaaaaaaa-2222-4333-8444-555555555555";
const std::string kOther = "bbbbbbbb-2222-4333-8444-555555555555";
constexpr int kFlood = 3000;

// A host with one node, which counts what it is asked for, and waits with its answers while held.
class CountingHost {
 public:
  CountingHost() : host_(test::adopted(table())), log_(host_) {}
  CountingHost(const CountingHost &) = delete;
  CountingHost &operator=(const CountingHost &) = delete;

  const host::Host &host() const { return host_; }
  const host::Log &log() const { return log_; }
  void hold(bool on) {
    const std::lock_guard lock(mutex_);
    held_ = on;
    changed_.notify_all();
  }
  int asked() const { return asked_; }
  std::vector<std::string> stored_ids() const {
    const std::lock_guard lock(mutex_);
    return stored_;
  }
  std::vector<std::string> take_lines() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
  }

 private:
  naclk_host table() {
    auto t = test::empty_host(this);
    t.options = NACLK_OPTION_NO_DEBUG;
    t.log = [](void *me, naclk_log_source, naclk_log_level, naclk_str line) {
      auto &h = *static_cast<CountingHost *>(me);
      const std::lock_guard lock(h.mutex_);
      h.lines_.emplace_back(line.data, line.len);
    };
    t.nodes = [](void *, naclk_node_fn visit, void *ctx) {
      naclk_node n{};
      n.size = sizeof n;
      n.machine_guid = test::as_str(kGuid);
      n.hostname = test::as_str("parent");
      n.live = n.health_enabled = 1;
      return visit(ctx, &n), 0;
    };
    t.node_info = [](void *me, naclk_str, naclk_node_info_fn, void *) { return of(me).answer(-EAGAIN); };
    t.contexts = [](void *me, naclk_str, naclk_context_fn, void *) { return of(me).answer(0); };
    t.alert_log = [](void *me, naclk_str, std::uint64_t, std::uint32_t, naclk_alert_fn, void *, naclk_alert_log_end *) {
      return of(me).answer(0);
    };
    t.active_alerts = [](void *me, naclk_str, naclk_alert_fn, void *) { return of(me).answer(0); };
    t.alert_config = [](void *me, naclk_str, naclk_alert_config_fn, void *) { return of(me).answer(-ENOENT); };
    t.store_node_id = [](void *me, naclk_str, naclk_str, naclk_str node_id) {
      auto &h = of(me);
      {
        const std::lock_guard lock(h.mutex_);
        h.stored_.emplace_back(node_id.data, node_id.len);
      }
      return h.answer(0);
    };
    return t;
  }
  static CountingHost &of(void *me) { return *static_cast<CountingHost *>(me); }
  int answer(int rc) {
    ++asked_;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_; });
    return rc;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::atomic<int> asked_{0};
  std::vector<std::string> stored_;
  std::vector<std::string> lines_;
  host::Host host_;
  host::Log log_;
};

class Cloud {
 public:
  Cloud() {
    nodes.emplace(
        loop_.uv(), host.host(), host.log(), *reader_, *workers_, *store_,
        [this](proto::MessageType, const std::string &, const Nodes::LostFn &) { ++published; },
        [this](const std::vector<host::Node> &listed) { alerts->listed(listed); });
    const auto publish = [this](proto::MessageType, const std::string &, const Contexts::Done &) { ++published; };
    contexts.emplace(loop_.uv(), host.log(), *reader_, *store_, nodes->known(), publish);
    alerts.emplace(loop_.uv(), host.host(), host.log(), *reader_, *store_, nodes->known(), publish);
    nodes->start();
    turn_until([this] { return nodes->known().by_machine_guid(kGuid) != nullptr; });
    nodes->node_created(kGuid, kNode);
    nodes->online(1'700'000'000'000'001);
    contexts->online(1'000'000);
    alerts->online(1'000'000);
    settle();
    (void)host.take_lines();
  }
  ~Cloud() {
    host.hold(false);
    reader_.reset();
    workers_.reset();
    inbox_.reset();
    alerts.reset();
    contexts.reset();
    nodes.reset();
    store_.reset();
    loop_.drain();
  }
  Cloud(const Cloud &) = delete;
  Cloud &operator=(const Cloud &) = delete;

  void turn_until(const std::function<bool()> &done) {
    bool late = false;
    loop::Timer deadline(loop_.uv());
    deadline.start(20s, [&] { late = true; });
    while (!done() && !late) uv_run(&loop_.uv(), UV_RUN_ONCE);
  }
  // All that is under way comes back: work of ours is behind it.
  void settle() {
    for (int i = 0; i < 3; ++i) {
      bool done = false;
      workers_->run([&done]() -> loop::WorkerPool::Done { return [&done] { done = true; }; });
      turn_until([&done] { return done; });
    }
  }

  CountingHost host;
  int published = 0;

 private:
  const test::TempDir dir_;
  loop::Loop loop_;
  std::optional<WriteBehindStore> store_{std::in_place, loop_.uv(), host.log(), dir_ / "aclk.db", kClaim};
  std::optional<loop::Inbox> inbox_{std::in_place, loop_.uv()};
  std::optional<loop::WorkerPool> workers_{std::in_place, "TEST", 1, *inbox_};
  std::optional<host::Reader> reader_{std::in_place, loop_.uv(), host.host(), *workers_, inbox_->poster()};

 public:
  std::optional<Nodes> nodes;
  std::optional<Contexts> contexts;
  std::optional<Alerts> alerts;
};

// One order of each kind, for these ids.
struct Order {
  const char *name;
  std::function<void(Cloud &, const std::string &claim, const std::string &node, std::uint64_t n)> give;
};
const std::vector<Order> kOrders{
    {"ContextsCheckpoint",
     [](Cloud &c, auto &claim, auto &node, auto n) {
       c.contexts->checkpoint({claim, node, n});
     }},
    {"StopStreamingContexts",
     [](Cloud &c, auto &claim, auto &node, auto) {
       proto::StopStreamingContexts m;
       m.claim_id = claim;
       m.node_id = node;
       c.contexts->stop_streaming(m);
     }},
    {"SendAlarmCheckpoint",
     [](Cloud &c, auto &claim, auto &node, auto n) {
       proto::SendAlarmCheckpoint m;
       m.claim_id = claim;
       m.node_id = node;
       m.version = n;
       c.alerts->checkpoint(m);
     }},
    {"SendAlarmSnapshot",
     [](Cloud &c, auto &claim, auto &node, auto) {
       proto::SendAlarmSnapshot m;
       m.claim_id = claim;
       m.node_id = node;
       c.alerts->snapshot(m);
     }},
    {"StartAlarmStreaming",
     [](Cloud &c, auto &, auto &node, auto n) {
       proto::StartAlarmStreaming m;
       m.node_id = node;
       m.version = n;
       c.alerts->start_streaming(m);
     }},
    {"CreateNodeInstanceResult", [](Cloud &c, auto &, auto &node, auto) { c.nodes->node_created(node, node); }},
    {"SendAlarmConfiguration",
     [](Cloud &c, auto &, auto &node, auto) {
       proto::SendAlarmConfiguration m;
       m.config_hash = node;
       c.alerts->configuration(m);
     }},
};

std::string clean(const std::vector<std::string> &lines) {
  for (const auto &l : lines)
    if (l.size() > 600 || printable(l, l.size()) != l) return l.substr(0, 200);
  return {};
}

std::string commands__with_foreign_or_broken_ids__cost_a_few_clean_lines_and_nothing_else() {
  const std::vector<std::pair<std::string, std::string>> ids{
      {kClaim, kOther},
      {kOther, kNode},
      {"", ""},
      {kClaim, "\x1b]0;owned\x07\n2026-11-27 12:00:00: netdata ERROR : forged \xff\xfe \xe2\x80\xae \xc2\x9b"},
      {"\x1b[2J\r\n", kNode},
      {kClaim, std::string(1 << 20, 'x')},
      {kClaim, kNode + "x"},
      {std::string("\0\0", 2), std::string("\0", 1)},
  };
  for (const auto &order : kOrders) {
    Cloud c;
    const auto asked = c.host.asked();
    const auto published = c.published;
    const bool ours = std::string(order.name) == "StartAlarmStreaming";  // has no claim id
    for (int i = 0; i < kFlood; ++i) {
      const auto &[claim, node] = ids[static_cast<std::size_t>(i) % ids.size()];
      if (!(ours && node == kNode)) order.give(c, claim, node, static_cast<std::uint64_t>(i));
    }
    c.settle();
    const auto lines = c.host.take_lines();
    if (lines.size() > 45) return fmt::format("{}: {} lines", order.name, lines.size());
    if (const auto bad = clean(lines); !bad.empty()) return fmt::format("{}: {}", order.name, bad);
    // Of definitions there may be one by each UUID.
    if (c.host.asked() > asked + 2) return fmt::format("{}: the host was asked {} times", order.name, c.host.asked());
    EXPECT_EQ(c.published, published);
  }
  return {};
}

std::string commands__in_order_but_without_end__cost_a_few_lines_and_one_reading_at_a_time() {
  for (const auto &order : kOrders) {
    if (std::string(order.name) == "CreateNodeInstanceResult") continue;  // below
    Cloud c;
    c.host.hold(true);
    const auto asked = c.host.asked();
    for (int i = 0; i < kFlood; ++i) order.give(c, kClaim, kNode, 1000 + static_cast<std::uint64_t>(i));
    c.host.hold(false);
    c.settle();
    const auto lines = c.host.take_lines();
    if (lines.size() > 60) return fmt::format("{}: {} lines: {}", order.name, lines.size(), lines.back());
    if (c.host.asked() > asked + 10) return fmt::format("{}: the host was asked {} times", order.name, c.host.asked());
    EXPECT(c.published < 20);
  }
  return {};
}

std::string node_ids__changed_without_end__are_stored_one_at_a_time_and_the_last_one_counts() {
  Cloud c;
  const auto asked = c.host.asked();
  const auto stored = c.host.stored_ids().size();
  c.host.hold(true);
  for (int i = 0; i < kFlood; ++i) c.nodes->node_created(kGuid, i % 2 == 0 ? kOther : kNode);
  c.nodes->node_created(kGuid, kOther);
  c.host.hold(false);
  c.settle();
  c.settle();
  EXPECT(c.host.stored_ids().size() <= stored + 3);
  EXPECT_EQ(c.host.stored_ids().back(), kOther);
  EXPECT(c.host.asked() <= asked + 8);
  EXPECT(c.host.take_lines().size() <= 45);
  EXPECT(c.nodes->known().node_id_of(kGuid) == kOther);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(commands__with_foreign_or_broken_ids__cost_a_few_clean_lines_and_nothing_else),
    ACLK_TEST(commands__in_order_but_without_end__cost_a_few_lines_and_one_reading_at_a_time),
    ACLK_TEST(node_ids__changed_without_end__are_stored_one_at_a_time_and_the_last_one_counts),
};

}  // namespace
}  // namespace test_commands

int run_commands_tests() {
  return cmocka_run_group_tests_name("commands of a hostile cloud", test_commands::tests, nullptr, nullptr);
}
