// SPDX-License-Identifier: GPL-3.0-or-later
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "aclk/loop/loop.h"
#include "aclk/loop/worker_pool.h"
#include "tests/unit/cmocka_main.h"

namespace test_loop {
using namespace aclk::loop;
using namespace std::chrono_literals;

namespace {

std::string timer__destroyed_in_its_own_callback__is_safe() {
  Loop loop;
  auto t = std::make_unique<Timer>(loop.uv());
  int fired = 0;
  t->start(0ms, [&] {
    ++fired;
    t.reset();
  });
  loop.run();
  EXPECT_EQ(fired, 1);
  return {};
}

std::string timer__stopped_or_restarted__fires_only_as_last_planned() {
  Loop loop;
  Timer a(loop.uv());
  Timer b(loop.uv());
  std::string order;
  a.start(0ms, [&] { order += 'x'; });
  a.stop();
  EXPECT(!a.running());
  b.start(0ms, [&] { order += 'y'; });
  b.start(1ms, [&] { order += 'b'; });
  EXPECT(b.running());
  loop.run();
  EXPECT_EQ(order, "b");
  return {};
}

std::string inbox__posts_from_many_threads__all_run_on_the_loop_in_order() {
  Loop loop;
  auto inbox = std::make_unique<Inbox>(loop.uv());
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  std::vector<int> last(kThreads, -1);
  int seen = 0;
  bool ordered = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i)
        inbox->post([&, t, i] {
          ordered = ordered && last[static_cast<std::size_t>(t)] == i - 1;
          last[static_cast<std::size_t>(t)] = i;
          if (++seen == kThreads * kEach) loop.stop();
        });
    });
  loop.run();
  for (auto &t : threads) t.join();
  inbox.reset();
  EXPECT_EQ(seen, kThreads * kEach);
  EXPECT(ordered);
  return {};
}

std::string inbox__gone__refuses_and_destroys_what_was_not_run() {
  Loop loop;
  Inbox::Post post;
  const auto token = std::make_shared<int>(0);
  {
    Inbox inbox(loop.uv());
    post = inbox.poster();
    EXPECT(inbox.post([token] {}));
  }
  EXPECT(!post([token] {}));
  EXPECT_EQ(token.use_count(), 1);
  loop.drain();
  return {};
}

std::string pool__work__runs_beside_and_returns_to_the_loop() {
  Loop loop;
  auto inbox = std::make_unique<Inbox>(loop.uv());
  auto pool = std::make_unique<WorkerPool>("TEST", 3, *inbox);
  const auto loop_thread = std::this_thread::get_id();
  int done = 0;
  bool right_threads = true;
  for (int i = 0; i < 50; ++i)
    pool->run([&]() -> WorkerPool::Done {
      const bool worker = std::this_thread::get_id() != loop_thread;
      return [&, worker] {
        right_threads = right_threads && worker && std::this_thread::get_id() == loop_thread;
        if (++done == 50) loop.stop();
      };
    });
  loop.run();
  EXPECT(pool->stop(1000ms));
  pool.reset();
  inbox.reset();
  EXPECT_EQ(done, 50);
  EXPECT(right_threads);
  return {};
}

std::string pool__stopped_while_busy__says_so_and_drops_what_waits() {
  Loop loop;
  auto inbox = std::make_unique<Inbox>(loop.uv());
  auto pool = std::make_unique<WorkerPool>("TEST", 1, *inbox);
  std::atomic<bool> release{false};
  std::atomic<bool> began{false};
  bool second_ran = false;
  pool->run([&]() -> WorkerPool::Done {
    began = true;
    began.notify_all();
    release.wait(false);
    return {};
  });
  pool->run([&]() -> WorkerPool::Done {
    second_ran = true;
    return {};
  });
  began.wait(false);
  EXPECT(!pool->stop(1ms));
  release = true;
  release.notify_all();
  EXPECT(pool->stop(5000ms));
  pool.reset();
  inbox.reset();
  EXPECT(!second_ran);
  return {};
}

std::string pools__that_share_a_turn__work_after_each_other_each_with_all_its_threads() {
  constexpr int kThreads = 3;
  Loop loop;
  auto inbox = std::make_unique<Inbox>(loop.uv());
  const auto turn = std::make_shared<aclk::loop::Turn>();
  auto first = std::make_unique<WorkerPool>("FIRST", kThreads, *inbox, turn);
  auto second = std::make_unique<WorkerPool>("SECOND", kThreads, *inbox, turn);
  std::atomic<int> in_first{0};
  std::atomic<int> in_second{0};
  std::atomic<bool> release{false};
  std::atomic<bool> overlapped{false};
  for (int i = 0; i < kThreads; ++i)
    first->run([&]() -> WorkerPool::Done {
      ++in_first;
      in_first.notify_all();
      release.wait(false);
      overlapped = overlapped || in_second != 0;
      --in_first;
      return {};
    });
  for (int seen = in_first; seen < kThreads; seen = in_first) in_first.wait(seen);  // all at once, or for ever
  int done = 0;
  for (int i = 0; i < kThreads; ++i)
    second->run([&]() -> WorkerPool::Done {
      ++in_second;
      overlapped = overlapped || in_first != 0;
      return [&] {
        if (++done == kThreads) loop.stop();
      };
    });
  EXPECT(turn->taken() && in_second == 0);
  release = true;
  release.notify_all();
  loop.run();
  EXPECT(first->stop(5000ms) && second->stop(5000ms));
  EXPECT(!overlapped && !turn->taken());
  first.reset();
  second.reset();
  inbox.reset();
  return {};
}

// Each needs a thread of its own: whoever is woken wakes the next.
std::string pool__asleep_and_work_that_waits_for_other_work__begins_all_of_it() {
  constexpr int kThreads = 3;
  Loop loop;
  auto inbox = std::make_unique<Inbox>(loop.uv());
  auto pool = std::make_unique<WorkerPool>("TEST", kThreads, *inbox);
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> inside{0};
    int done = 0;
    for (int i = 0; i < kThreads; ++i)
      pool->run([&]() -> WorkerPool::Done {
        ++inside;
        inside.notify_all();
        for (int seen = inside; seen < kThreads; seen = inside) inside.wait(seen);
        return [&] {
          if (++done == kThreads) loop.stop();
        };
      });
    loop.run();
    EXPECT_EQ(done, kThreads);
  }
  EXPECT(pool->stop(5000ms));
  pool.reset();
  inbox.reset();
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(pool__asleep_and_work_that_waits_for_other_work__begins_all_of_it),
    ACLK_TEST(pools__that_share_a_turn__work_after_each_other_each_with_all_its_threads),
    ACLK_TEST(timer__destroyed_in_its_own_callback__is_safe),
    ACLK_TEST(timer__stopped_or_restarted__fires_only_as_last_planned),
    ACLK_TEST(inbox__posts_from_many_threads__all_run_on_the_loop_in_order),
    ACLK_TEST(inbox__gone__refuses_and_destroys_what_was_not_run),
    ACLK_TEST(pool__work__runs_beside_and_returns_to_the_loop),
    ACLK_TEST(pool__stopped_while_busy__says_so_and_drops_what_waits),
};

}  // namespace
}  // namespace test_loop

int main() { return cmocka_run_group_tests_name("loop", test_loop::tests, nullptr, nullptr); }
