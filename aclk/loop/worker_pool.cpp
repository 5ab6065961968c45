// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/loop/worker_pool.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace aclk::loop {

struct WorkerPool::State {
  State(std::string n, unsigned count, Inbox::Post p) : name(std::move(n)), max(count), post(std::move(p)) {}

  const std::string name;
  const unsigned max;
  const Inbox::Post post;
  std::mutex mutex;
  std::condition_variable work_came;
  std::condition_variable work_ended;
  std::deque<std::function<Done()>> waiting;
  std::vector<std::thread> threads;
  unsigned busy = 0;
  bool stopping = false;

  void worker() {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    std::unique_lock lock(mutex);
    for (;;) {
      work_came.wait(lock, [this] { return stopping || !waiting.empty(); });
      if (stopping) return;
      auto work = std::move(waiting.front());
      waiting.pop_front();
      ++busy;
      lock.unlock();
      auto done = work();
      work = nullptr;
      if (done) post(std::move(done));
      lock.lock();
      --busy;
      work_ended.notify_all();
    }
  }
};

WorkerPool::WorkerPool(const char *name, unsigned threads, Inbox &inbox)
    : s_(std::make_shared<State>(std::string("ACLK_") + name, threads == 0 ? 1 : threads, inbox.poster())) {}

WorkerPool::~WorkerPool() {
  (void)stop(std::chrono::milliseconds(0));
  for (auto &t : s_->threads) t.join();
}

void WorkerPool::run(std::function<Done()> work) {
  const std::lock_guard lock(s_->mutex);
  if (s_->stopping) return;
  s_->waiting.push_back(std::move(work));
  if (s_->busy + s_->waiting.size() > s_->threads.size() && s_->threads.size() < s_->max) {
    try {
      s_->threads.emplace_back([s = s_] { s->worker(); });
    } catch (const std::system_error &) {
      // No more threads to be had: those that exist go on serving. With none at all the work waits until one starts.
    }
  }
  s_->work_came.notify_one();
}

bool WorkerPool::stop(std::chrono::milliseconds deadline) {
  std::deque<std::function<Done()>> unrun;
  std::unique_lock lock(s_->mutex);
  s_->stopping = true;
  unrun.swap(s_->waiting);
  s_->work_came.notify_all();
  return s_->work_ended.wait_for(lock, deadline, [this] { return s_->busy == 0; });
}

unsigned WorkerPool::threads() const { return s_->max; }

}  // namespace aclk::loop
