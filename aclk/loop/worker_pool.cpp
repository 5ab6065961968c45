// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/loop/worker_pool.h"

#include <pthread.h>

#include <deque>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace aclk::loop {

namespace {

constexpr std::chrono::milliseconds kTurnTick{100};  // how late a stop is noticed by who waits for his turn

}  // namespace

bool Turn::take(const void *who, std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  if (!free_.wait_for(lock, at_most, [&] { return workers_ == 0 || who_ == who; })) return false;
  who_ = who;
  ++workers_;
  return true;
}

void Turn::give_back() {
  const std::lock_guard lock(mutex_);
  if (--workers_ == 0) free_.notify_all();
}

bool Turn::taken() const {
  const std::lock_guard lock(mutex_);
  return workers_ != 0;
}

struct WorkerPool::State {
  State(std::string n, unsigned count, Inbox::Post p, std::shared_ptr<Turn> t)
      : name(std::move(n)), max(count), post(std::move(p)), turn(std::move(t)) {}

  const std::string name;
  const unsigned max;
  const Inbox::Post post;
  const std::shared_ptr<Turn> turn;
  std::mutex mutex;
  std::condition_variable work_ended;
  std::deque<std::function<Done()>> waiting;
  struct Sleeper {
    std::condition_variable wake;
    bool called = false;
  };
  std::deque<Sleeper> sleepers;   // one of each thread; here, because it may be woken when its thread is gone
  std::vector<Sleeper *> asleep;  // the last to fall asleep at the end
  bool calling = false;           // one was called, and is not awake yet
  std::vector<std::thread> threads;
  unsigned busy = 0;
  bool stopping = false;

  // Not when the pool stops before it is ours.
  bool take_turn(std::unique_lock<std::mutex> &lock) {
    bool ours = turn == nullptr;
    while (!ours && !stopping) {
      lock.unlock();
      ours = turn->take(this, kTurnTick);
      lock.lock();
    }
    return ours;
  }
  void give_turn_back() const {
    if (turn) turn->give_back();
  }

  // Whom to wake, without the lock, which would be the first thing that he waits for; nullptr: nobody. The one whose
  // stack and memory are still warm. None while another is on its way: until that one has a processor, those that are
  // awake may have done all there is.
  [[nodiscard]] Sleeper *call_one() {
    if (calling || waiting.empty() || asleep.empty()) return nullptr;
    auto *const who = asleep.back();
    asleep.pop_back();
    calling = who->called = true;
    return who;
  }
  static void wake(Sleeper *who) {
    if (who != nullptr) who->wake.notify_one();
  }

  void sleep(Sleeper &me, std::unique_lock<std::mutex> &lock) {
    me.called = false;
    asleep.push_back(&me);
    me.wake.wait(lock, [&] { return stopping || me.called; });
    if (me.called)
      calling = false;
    else
      std::erase(asleep, &me);
  }

  void join_all() {
    for (auto &t : threads) t.join();
    threads.clear();
  }

  void worker() {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    std::unique_lock lock(mutex);
    auto &me = sleepers.emplace_back();
    for (;;) {
      while (!stopping && waiting.empty()) sleep(me, lock);
      if (stopping) return;
      if (!take_turn(lock)) return;
      if (stopping || waiting.empty()) {  // or another thread has taken it
        give_turn_back();
        continue;
      }
      auto work = std::move(waiting.front());
      waiting.pop_front();
      ++busy;
      auto *const next = call_one();
      lock.unlock();
      wake(next);
      auto done = work();
      work = nullptr;
      give_turn_back();
      if (done) post(std::move(done));
      lock.lock();
      --busy;
      work_ended.notify_all();
    }
  }
};

WorkerPool::WorkerPool(const char *name, unsigned threads, Inbox &inbox, std::shared_ptr<Turn> turn)
    : s_(std::make_shared<State>(std::string("ACLK_") + name, threads == 0 ? 1 : threads, inbox.poster(),
                                 std::move(turn))) {}

WorkerPool::~WorkerPool() {
  if (!s_) return;
  (void)stop(std::chrono::milliseconds(0));
  s_->join_all();
}

void WorkerPool::leave_threads_to(Stragglers &stragglers) {
  const std::lock_guard lock(stragglers.mutex_);
  stragglers.states_.push_back(std::move(s_));
}

WorkerPool::Stragglers::~Stragglers() {
  for (const auto &s : states_) s->join_all();
}

bool WorkerPool::Stragglers::any() { return !wait_until_none(std::chrono::steady_clock::now()); }

bool WorkerPool::Stragglers::wait_until_none(std::chrono::steady_clock::time_point until) {
  const std::lock_guard lock(mutex_);
  std::erase_if(states_, [until](const std::shared_ptr<State> &s) {
    {
      std::unique_lock theirs(s->mutex);
      if (!s->work_ended.wait_until(theirs, until, [&s] { return s->busy == 0; })) return false;
    }
    s->join_all();
    return true;
  });
  return states_.empty();
}

void WorkerPool::run(std::function<Done()> work) {
  std::unique_lock lock(s_->mutex);
  if (s_->stopping) return;
  s_->waiting.push_back(std::move(work));
  if (s_->busy + s_->waiting.size() > s_->threads.size() && s_->threads.size() < s_->max) {
    try {
      s_->threads.emplace_back([s = s_] { s->worker(); });
    } catch (const std::system_error &) {
      // No more threads to be had: those that exist go on serving. With none at all the work waits until one starts.
    }
  }
  auto *const who = s_->call_one();
  lock.unlock();
  State::wake(who);
}

bool WorkerPool::stop(std::chrono::milliseconds deadline) {
  std::deque<std::function<Done()>> unrun;
  std::unique_lock lock(s_->mutex);
  s_->stopping = true;
  unrun.swap(s_->waiting);
  for (auto *const s : s_->asleep) s->wake.notify_one();
  return s_->work_ended.wait_for(lock, deadline, [this] { return s_->busy == 0; });
}

unsigned WorkerPool::threads() const { return s_->max; }

}  // namespace aclk::loop
