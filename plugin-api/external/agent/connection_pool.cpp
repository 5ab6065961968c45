// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/connection_pool.h"

#include <algorithm>

namespace aclk::external {

Result<ConnectionPool::Lease> ConnectionPool::take(std::chrono::steady_clock::time_point deadline,
                                                   const Interrupted &interrupted) {
  constexpr std::chrono::milliseconds kTick{100};
  std::unique_lock lock(mutex_);
  while (taken_ >= limit_) {
    const auto now = Clock::now();
    if (now >= deadline) return fail(Errc::timeout, "the agent was busy with other requests until the deadline");
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
    --taken_;
    idle_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

}  // namespace aclk::external
