// SPDX-License-Identifier: GPL-3.0-or-later
//
// The driver of the contexts of all nodes: who is read, and who gets the answer. The host has no contexts, so that the
// answer to every checkpoint other than 0 is an empty snapshot.
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <set>

#include "aclk/loop/loop.h"
#include "aclk/sync/contexts/contexts.h"
#include "tests/proto/upward_messages.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/host_table.h"
#include "tests/unit/sync/tests.h"
#include "tests/unit/temp_dir.h"

namespace test_contexts {
using namespace aclk;
using namespace aclk::sync;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const std::string kClaim = "cccccccc-2222-3333-4444-555555555555";
constexpr std::size_t kMaxPayload = 100'000;
constexpr unsigned kNodes = 5;  // more than are read at a time

std::string guid(unsigned n) { return fmt::format("{}{}{}{}1111-2222-3333-4444-555555555555", n, n, n, n); }
std::string id(unsigned n) { return fmt::format("a{}{}{}1111-2222-3333-4444-555555555555", n, n, n); }

class Driven {
 public:
  explicit Driven(const naclk_host &table = test::empty_host(nullptr), unsigned workers = 1)
      : host_(test::adopted(table)), workers_(std::in_place, "TEST", workers, *inbox_) {
    std::vector<host::Node> listed;
    for (unsigned n = 0; n < kNodes; ++n) {
      host::Node node;
      node.machine_guid = guid(n);
      listed.push_back(node);
    }
    nodes_.nodes(listed, moment());
    for (unsigned n = 0; n < kNodes; ++n) registered(n, id(n));
  }
  Driven(const Driven &) = delete;
  Driven &operator=(const Driven &) = delete;
  ~Driven() {
    reader_.reset();
    workers_.reset();
    inbox_.reset();
    contexts_.reset();
    store_.reset();
    loop_.drain();
  }

  void registered(unsigned n, const std::string &node_id) { (void)nodes_.node_created(guid(n), node_id, moment()); }
  void online() { contexts_->online(kMaxPayload); }
  void offline() {
    contexts_->offline();
    snapshots_.clear();
  }
  void ask(const std::string &node_id) { contexts_->checkpoint({kClaim, node_id, 12345}); }
  unsigned snapshots(const std::string &node_id) const {
    const auto it = snapshots_.find(node_id);
    return it == snapshots_.end() ? 0 : it->second;
  }
  void turn_until(const std::function<bool()> &done) {
    bool late = false;
    loop::Timer deadline(loop_.uv());
    deadline.start(10s, [&] { late = true; });
    while (!done() && !late) uv_run(&loop_.uv(), UV_RUN_ONCE);
  }

 private:
  const test::TempDir dir_;
  const host::Host host_;
  const host::Log log_{host_};
  loop::Loop loop_;
  std::optional<WriteBehindStore> store_{std::in_place, loop_.uv(), log_, dir_ / "aclk.db", kClaim};
  std::optional<loop::Inbox> inbox_{std::in_place, loop_.uv()};
  std::optional<loop::WorkerPool> workers_;
  std::optional<host::Reader> reader_{std::in_place, loop_.uv(), host_, *workers_, inbox_->poster()};
  NodeSync nodes_{kClaim, {}, {}};
  std::map<std::string, unsigned> snapshots_;  // by node id
  std::optional<Contexts> contexts_{std::in_place,
                                    loop_.uv(),
                                    log_,
                                    *reader_,
                                    *store_,
                                    nodes_,
                                    [this](proto::MessageType, const std::string &payload, const Contexts::Done &) {
                                      if (const auto m = proto::decode_contexts_snapshot(payload))
                                        ++snapshots_[m->node_id];
                                    }};
};

std::string contexts__cut_with_readings_queued__every_node_is_answered_on_the_next_connection() {
  Driven d;
  d.online();
  for (unsigned n = 0; n < kNodes; ++n) d.ask(id(n));
  d.offline();
  d.online();
  for (unsigned n = 0; n < kNodes; ++n) d.ask(id(n));
  const auto all = [&] {
    for (unsigned n = 0; n < kNodes; ++n)
      if (d.snapshots(id(n)) != 1) return false;
    return true;
  };
  d.turn_until(all);
  for (unsigned n = 0; n < kNodes; ++n) EXPECT_EQ(d.snapshots(id(n)), 1U);
  return {};
}

std::string contexts__node_registered_anew_with_a_reading_queued__is_answered_under_its_new_id() {
  Driven d;
  d.online();
  for (unsigned n = 0; n < kNodes; ++n) d.ask(id(n));
  const std::string renewed[] = {"bbbbbbbb-1111-3333-4444-555555555555", "bbbbbbbb-2222-3333-4444-555555555555"};
  d.registered(0, renewed[0]);           // is being read
  d.registered(kNodes - 1, renewed[1]);  // waits
  for (const auto &r : renewed) d.ask(r);
  d.turn_until([&] { return d.snapshots(renewed[0]) == 1 && d.snapshots(renewed[1]) == 1; });
  EXPECT_EQ(d.snapshots(renewed[0]), 1U);
  EXPECT_EQ(d.snapshots(renewed[1]), 1U);
  EXPECT_EQ(d.snapshots(id(0)), 0U);
  EXPECT_EQ(d.snapshots(id(kNodes - 1)), 0U);
  return {};
}

// A host in which a read of contexts goes on until as many are going on as are waited for.
class Crowd {
 public:
  explicit Crowd(unsigned wanted) : wanted_(wanted) {}
  naclk_host table() {
    auto t = test::empty_host(this);
    t.contexts = [](void *host, naclk_str guid, naclk_context_fn, void *) {
      static_cast<Crowd *>(host)->read({guid.data, guid.len});
      return 0;
    };
    return t;
  }
  [[nodiscard]] bool came_together() const { return most_ == wanted_; }
  [[nodiscard]] bool twice_of_one() const { return twice_; }

 private:
  void read(const std::string &guid) {
    std::unique_lock lock(mutex_);
    twice_ = twice_ || !now_.insert(guid).second;
    most_ = std::max(most_, static_cast<unsigned>(now_.size()));
    grew_.notify_all();
    (void)grew_.wait_for(lock, 10s, [&] { return most_ >= wanted_; });
    now_.erase(guid);
  }
  const unsigned wanted_;
  std::mutex mutex_;
  std::condition_variable grew_;
  std::set<std::string> now_;
  unsigned most_ = 0;
  bool twice_ = false;
};

std::string contexts__of_several_nodes__are_read_side_by_side_by_half_of_the_workers() {
  Crowd crowd(2);
  {
    Driven d(crowd.table(), 4);
    d.online();
    for (int again = 0; again < 3; ++again)
      for (unsigned n = 0; n < kNodes; ++n) d.ask(id(n));
    d.turn_until([&] {
      for (unsigned n = 0; n < kNodes; ++n)
        if (d.snapshots(id(n)) == 0) return false;
      return true;
    });
    for (unsigned n = 0; n < kNodes; ++n) EXPECT(d.snapshots(id(n)) >= 1);
  }
  EXPECT(crowd.came_together());
  EXPECT(!crowd.twice_of_one());
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(contexts__of_several_nodes__are_read_side_by_side_by_half_of_the_workers),
    ACLK_TEST(contexts__cut_with_readings_queued__every_node_is_answered_on_the_next_connection),
    ACLK_TEST(contexts__node_registered_anew_with_a_reading_queued__is_answered_under_its_new_id),
};

}  // namespace
}  // namespace test_contexts

int run_contexts_tests() {
  return cmocka_run_group_tests_name("contexts driver", test_contexts::tests, nullptr, nullptr);
}
