// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sockets/net/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace aclk::test {
namespace {

struct Bound {
  Fd fd;
  std::uint16_t port = 0;
};

Bound bound_socket(int family) {
  Bound b;
  b.fd.reset(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage a{};
  socklen_t len = 0;
  if (family == AF_INET6) {
    auto *const v6 = reinterpret_cast<sockaddr_in6 *>(&a);
    v6->sin6_family = AF_INET6;
    v6->sin6_addr = in6addr_loopback;
    len = sizeof *v6;
  } else {
    auto *const v4 = reinterpret_cast<sockaddr_in *>(&a);
    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    len = sizeof *v4;
  }
  if (!b.fd || ::bind(b.fd.get(), reinterpret_cast<sockaddr *>(&a), len) != 0 ||
      ::getsockname(b.fd.get(), reinterpret_cast<sockaddr *>(&a), &len) != 0)
    throw std::runtime_error("no loopback port");
  b.port = ntohs(family == AF_INET6 ? reinterpret_cast<sockaddr_in6 *>(&a)->sin6_port
                                    : reinterpret_cast<sockaddr_in *>(&a)->sin_port);
  return b;
}

// -1 when stopped, else which of the two sockets can be read.
int readable(int a, int b, int stop) {
  std::array<pollfd, 3> p{{{a, POLLIN, 0}, {b, POLLIN, 0}, {stop, POLLIN, 0}}};
  while (::poll(p.data(), p.size(), -1) < 0 && errno == EINTR) {
  }
  if (p[2].revents != 0) return -1;
  return p[0].revents != 0 ? 0 : 1;
}

}  // namespace

bool Peer::wait_for(short events) const {
  std::array<pollfd, 2> p{{{fd(), events, 0}, {stop_fd_, POLLIN, 0}}};
  while (::poll(p.data(), p.size(), -1) < 0 && errno == EINTR) {
  }
  return p[1].revents == 0;
}

bool Peer::pause(std::chrono::milliseconds time) const {
  pollfd p{stop_fd_, POLLIN, 0};
  return ::poll(&p, 1, static_cast<int>(time.count())) == 0;
}

std::string Peer::read_some() const {
  char buf[65536];
  for (;;) {
    if (!wait_for(POLLIN)) return {};
    const auto n = ::recv(fd(), buf, sizeof buf, 0);
    if (n >= 0) return {buf, static_cast<std::size_t>(n)};
    if (errno != EAGAIN && errno != EINTR) return {};
  }
}

bool Peer::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto n = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if ((errno != EAGAIN && errno != EINTR) || !wait_for(POLLOUT)) {
      return false;
    }
  }
  return true;
}

bool Peer::read_until(std::string &buffer, std::string_view mark) const {
  while (buffer.find(mark) == std::string::npos) {
    const auto more = read_some();
    if (more.empty()) return false;
    buffer += more;
  }
  return true;
}

bool Peer::read_bytes(std::string &buffer, std::size_t at_least) const {
  while (buffer.size() < at_least) {
    const auto more = read_some();
    if (more.empty()) return false;
    buffer += more;
  }
  return true;
}

void Peer::until_closed() const {
  while (!read_some().empty()) {
  }
}

void Peer::join_with(const Peer &other) const {
  for (;;) {
    const int which = readable(fd(), other.fd(), stop_fd_);
    if (which < 0) return;
    const Peer &from = which == 0 ? *this : other;
    const Peer &to = which == 0 ? other : *this;
    const auto bytes = from.read_some();
    if (bytes.empty() || !to.write(bytes)) return;
  }
}

Server::Server(std::function<void(Peer &)> handler, int family) : stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  auto b = bound_socket(family);
  listener_ = std::move(b.fd);
  port_ = b.port;
  if (::listen(listener_.get(), 128) != 0) throw std::runtime_error("cannot listen");
  acceptor_ = std::thread([this, fn = std::move(handler)] { accept_all(fn); });
}

Server::~Server() {
  eventfd_write(stop_.get(), 1);  // never read: everybody who polls it sees it
  acceptor_.join();
  for (auto &t : connections_) t.join();
}

void Server::accept_all(const std::function<void(Peer &)> &handler) {
  for (;;) {
    std::array<pollfd, 2> p{{{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    if (::poll(p.data(), p.size(), -1) < 0 && errno == EINTR) continue;
    if (p[1].revents != 0) return;
    Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) continue;
    ++accepted_;
    connections_.emplace_back([handler, peer = Peer(std::move(fd), stop_.get())]() mutable { handler(peer); });
  }
}

SilentPort::SilentPort() {
  auto b = bound_socket(AF_INET);
  listener_ = std::move(b.fd);
  port_ = b.port;
  if (::listen(listener_.get(), 0) != 0) throw std::runtime_error("cannot listen");
  // Linux lets backlog + 1 in; the SYNs of the others are dropped.
  for (int i = 0; i < 4; ++i) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(port_);
    (void)::connect(fd.get(), reinterpret_cast<sockaddr *>(&a), sizeof a);
    fillers_.push_back(std::move(fd));
  }
}

std::uint16_t closed_port() { return bound_socket(AF_INET).port; }

Fd connect_to(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(port);
  if (::connect(fd.get(), reinterpret_cast<sockaddr *>(&a), sizeof a) != 0) return {};
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  return fd;
}

}  // namespace aclk::test
