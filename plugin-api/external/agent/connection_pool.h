// SPDX-License-Identifier: GPL-3.0-or-later
//
// A few connections to the agent, shared by threads: at most `limit` requests are under way at once, the others wait
// their turn. A request that was given up keeps its place while the agent works on it, so that callers who give up
// early cannot pile up work in the agent. Thread: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "plugin-api/external/agent/http_connection.h"

namespace aclk::external {

// A connection together with who is known to sit at its other end.
struct PooledConnection {
  HttpConnection http;
  Endpoint confirmed;  // the place whose machine GUID was checked over this very connection; default = none
};

class ConnectionPool {
 public:
  // How long the work on a request that was given up may keep its place. 0 = not at all: the connection is closed.
  ConnectionPool(unsigned limit, std::chrono::milliseconds patience) : limit_(limit), patience_(patience) {}

  // Gives its connection back when it dies.
  class Lease {
   public:
    Lease(ConnectionPool &pool, std::unique_ptr<PooledConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease &&) noexcept = default;
    Lease &operator=(Lease &&) = delete;
    Lease(const Lease &) = delete;
    Lease &operator=(const Lease &) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    [[nodiscard]] PooledConnection &get() const { return *connection_; }

   private:
    ConnectionPool *pool_;
    std::unique_ptr<PooledConnection> connection_;
  };

  // Waits for a turn. Errors: timeout, cancelled.
  [[nodiscard]] Result<Lease> take(std::chrono::steady_clock::time_point deadline, const Interrupted &interrupted);
  // Frees the places of work that the agent has ended meanwhile, and what it holds for them. take() does so, too; to be
  // called now and then by who is awake anyway.
  void tidy();

 private:
  using Clock = std::chrono::steady_clock;
  struct GivenUp {
    std::unique_ptr<PooledConnection> connection;
    Clock::time_point until;
  };

  void give_back(std::unique_ptr<PooledConnection> connection);
  void tidy_locked();

  const unsigned limit_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable freed_;
  unsigned taken_ = 0;  // those of given_up_ included
  std::vector<GivenUp> given_up_;
  std::vector<std::unique_ptr<PooledConnection>> idle_;  // the last used one is taken first: its socket is warm
};

}  // namespace aclk::external
