// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/local_clients.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace aclk::external {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxClients = 16;  // more wait in the backlog
constexpr auto kClientTimeout = 5s;      // from accept to the last byte
constexpr auto kRest = 200ms;            // without descriptors the listener stays readable: rather late than busy

}  // namespace

void LocalClients::wait_for(std::vector<pollfd> &fds, int listener) {
  first_ = fds.size();
  const bool room = clients_.size() < kMaxClients && Clock::now() >= rests_until_;
  fds.push_back({room ? listener : -1, POLLIN, 0});
  for (const auto &c : clients_) fds.push_back({c.fd.get(), static_cast<short>(c.out.empty() ? POLLIN : POLLOUT), 0});
}

void LocalClients::take(const std::vector<pollfd> &fds) {
  const auto now = Clock::now();
  std::vector<Client> still;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    auto &c = clients_[i];
    if (go_on(c, fds[first_ + 1 + i].revents) && now < c.until) still.push_back(std::move(c));
  }
  clients_ = std::move(still);
  if (fds[first_].revents != 0) accept(fds[first_].fd);
}

LocalClients::Clock::time_point LocalClients::next() const {
  auto until = rests_until_ > Clock::now() ? rests_until_ : Clock::time_point::max();
  for (const auto &c : clients_) until = std::min(until, c.until);
  return until;
}

void LocalClients::accept(int listener) {
  Fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd)
    clients_.push_back({std::move(fd), {}, {}, 0, Clock::now() + kClientTimeout});
  else if (errno == EMFILE || errno == ENFILE)  // else another process was faster
    rests_until_ = Clock::now() + kRest;
}

bool LocalClients::go_on(Client &c, short events) {
  if (events == 0) return true;
  if (c.out.empty()) {
    std::array<char, 4096> buffer{};
    const auto n = ::recv(c.fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    c.in.append(buffer.data(), static_cast<std::size_t>(n));
    const auto request = parse_local_request(c.in);
    if (request.status == 0) return true;
    if (request.status == 200) {
      c.out = local_response(serve_(request));
      c.until = Clock::now() + kClientTimeout;  // what serve() took is not the client's fault
    } else {
      c.out = local_response(local_error(request.status, "This is no request that is understood here."));
    }
  }
  const auto n = ::send(c.fd.get(), c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  c.sent += static_cast<std::size_t>(n);
  return c.sent < c.out.size();
}

}  // namespace aclk::external
