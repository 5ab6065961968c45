// SPDX-License-Identifier: GPL-3.0-or-later
//
// Small blocking servers on loopback, one thread per connection, that end at once when told to.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "claim/base/c_own.h"

namespace aclk::test {

// One connection, seen from its thread. Everything returns false or "" when the other side or the server ends.
class Peer {
 public:
  Peer(Fd fd, int stop_fd) : fd_(std::move(fd)), stop_fd_(stop_fd) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool wait_for(short events) const;                 // POLLIN, POLLOUT
  [[nodiscard]] bool pause(std::chrono::milliseconds time) const;  // false when the server stops meanwhile
  [[nodiscard]] std::string read_some() const;
  [[nodiscard]] bool write(std::string_view bytes) const;
  // Reads until `buffer` holds `mark`.
  [[nodiscard]] bool read_until(std::string &buffer, std::string_view mark) const;
  [[nodiscard]] bool read_bytes(std::string &buffer, std::size_t at_least) const;
  void until_closed() const;
  // Copies both ways until one side ends.
  void join_with(const Peer &other) const;
  [[nodiscard]] int stop_fd() const { return stop_fd_; }

 private:
  Fd fd_;
  int stop_fd_;
};

class Server {
 public:
  // family: AF_INET or AF_INET6. `handler` runs on a thread of its own for each connection.
  explicit Server(std::function<void(Peer &)> handler, int family = 2 /* AF_INET */);
  ~Server();
  Server(const Server &) = delete;
  Server &operator=(const Server &) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int accepted() const { return accepted_; }

 private:
  void accept_all(const std::function<void(Peer &)> &handler);

  Fd listener_;
  Fd stop_;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_{0};
  std::vector<std::thread> connections_;  // only touched by acceptor_ until it is joined
  std::thread acceptor_;
};

// A port that swallows SYNs: its backlog is full and nobody accepts.
class SilentPort {
 public:
  SilentPort();
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  Fd listener_;
  std::vector<Fd> fillers_;
  std::uint16_t port_ = 0;
};

// A port where nobody listens.
[[nodiscard]] std::uint16_t closed_port();

// A connection to 127.0.0.1; none if it fails.
[[nodiscard]] Fd connect_to(std::uint16_t port);

}  // namespace aclk::test
