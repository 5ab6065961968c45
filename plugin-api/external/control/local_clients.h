// SPDX-License-Identifier: GPL-3.0-or-later
//
// Those who ask at the local socket, for whoever polls: accepted, read, answered, dropped when they take too long.
// Nothing here blocks. One thread.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "claim/base/c_own.h"
#include "plugin-api/external/control/local_request.h"

namespace aclk::external {

class LocalClients {
 public:
  using Clock = std::chrono::steady_clock;
  using Serve = std::function<HttpResponse(const LocalRequest &)>;

  explicit LocalClients(Serve serve) : serve_(std::move(serve)) {}

  // What to wait for: of each client, and of the listener while there is room. -1: nobody new is taken.
  void wait_for(std::vector<pollfd> &fds, int listener);
  // What came of it; `fds`: the same vector after poll().
  void take(const std::vector<pollfd> &fds);
  // When to come back although nothing happened: a client has taken too long; max() when there is none.
  [[nodiscard]] Clock::time_point next() const;

 private:
  struct Client {
    Fd fd;
    std::string in;
    std::string out;
    std::size_t sent = 0;
    Clock::time_point until;
  };
  void accept(int listener);
  // False when the connection is over.
  bool go_on(Client &client, short events);

  const Serve serve_;
  std::vector<Client> clients_;
  Clock::time_point rests_until_{};  // takes nobody new
  std::size_t first_ = 0;            // of ours in the vector that wait_for() filled last
};

}  // namespace aclk::external
