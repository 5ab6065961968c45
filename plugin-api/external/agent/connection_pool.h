// SPDX-License-Identifier: GPL-3.0-or-later
//
// A few connections to the agent, shared by threads: at most `limit` requests are under way at once, the others wait
// their turn. Thread: any.
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
  explicit ConnectionPool(unsigned limit) : limit_(limit) {}

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

 private:
  using Clock = std::chrono::steady_clock;
  void give_back(std::unique_ptr<PooledConnection> connection);

  const unsigned limit_;
  std::mutex mutex_;
  std::condition_variable freed_;
  unsigned taken_ = 0;
  std::vector<std::unique_ptr<PooledConnection>> idle_;  // the last used one is taken first: its socket is warm
};

}  // namespace aclk::external
