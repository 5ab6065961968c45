// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/connection_pool.h"

#include <fmt/format.h>

#include <algorithm>

namespace aclk::external {

Result<ConnectionPool::Lease> ConnectionPool::take(std::chrono::steady_clock::time_point deadline,
                                                   const Interrupted &interrupted) {
  constexpr std::chrono::milliseconds kTick{100};
  std::unique_lock lock(mutex_);
  for (tidy_locked(); taken_ >= limit_; tidy_locked()) {
    const auto now = Clock::now();
    if (now >= deadline)
      return fail(Errc::timeout, fmt::format("the agent was busy with other queries until the deadline{}",
                                             given_up_.empty() ? "" : ", with such as were given up among them"));
    freed_.wait_until(lock, std::min(deadline, now + kTick));
    if (interrupted && taken_ >= limit_) {
      lock.unlock();  // the question is somebody else's code
      const bool stop = interrupted();
      lock.lock();
      if (stop) return fail(Errc::cancelled, "the query was cancelled");
    }
  }
  ++taken_;
  std::unique_ptr<PooledConnection> connection;
  if (idle_.empty()) {
    connection = std::make_unique<PooledConnection>();
  } else {
    connection = std::move(idle_.back());
    idle_.pop_back();
  }
  return Lease(*this, std::move(connection));
}

void ConnectionPool::give_back(std::unique_ptr<PooledConnection> connection) {
  {
    const std::lock_guard lock(mutex_);
    if (patience_.count() > 0 && connection->http.busy()) {
      given_up_.push_back({std::move(connection), Clock::now() + patience_});
      return;
    }
    --taken_;
    idle_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

void ConnectionPool::tidy() {
  const std::lock_guard lock(mutex_);
  tidy_locked();
}

void ConnectionPool::tidy_locked() {
  const auto ended = std::erase_if(
      given_up_, [now = Clock::now()](const GivenUp &g) { return now >= g.until || !g.connection->http.busy(); });
  taken_ -= static_cast<unsigned>(ended);
  if (ended > 0) freed_.notify_all();
}

}  // namespace aclk::external
