// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/local_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

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

std::vector<std::filesystem::path> socket_places(std::string_view setting, const std::filesystem::path &run_dir,
                                                 const std::filesystem::path &lib_dir) {
  constexpr const char *kName = "aclk.sock";
  if (setting == "no" || setting == "none") return {};
  if (setting.starts_with('/')) return {std::filesystem::path(setting)};
  std::vector<std::filesystem::path> places;
  if (!run_dir.empty()) places.push_back(run_dir / kName);
  if (run_dir.empty() && lib_dir.lexically_normal() == "/var/lib/netdata")
    places.push_back(std::filesystem::path("/run/netdata") / kName);
  places.push_back(lib_dir / kName);
  places.push_back(lib_dir / "cloud.d" / kName);  // of a container this may be all that can be written
  return places;
}

Result<std::unique_ptr<LocalSocket>> LocalSocket::start(int listener, Serve serve) {
  try {
    return std::unique_ptr<LocalSocket>(new LocalSocket(listener, std::move(serve)));
  } catch (const std::system_error &e) {
    return fail(Errc::io, e.what());
  }
}

LocalSocket::LocalSocket(int listener, Serve serve)
    : listener_(listener), clients_(std::move(serve)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  thread_ = std::thread([this] { run(); });
}

LocalSocket::~LocalSocket() {
  ending_.store(true);
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
  thread_.join();
}

void LocalSocket::run() {
  std::vector<pollfd> fds;
  while (!ending_.load()) {
    fds.assign({{wake_.get(), POLLIN, 0}});
    clients_.wait_for(fds, listener_);
    const auto until = clients_.next();
    const auto left =
        until == LocalClients::Clock::time_point::max()
            ? -1
            : std::max<long long>(
                  std::chrono::ceil<std::chrono::milliseconds>(until - LocalClients::Clock::now()).count(), 0);
    (void)::poll(fds.data(), fds.size(), static_cast<int>(left));
    if (ending_.load()) return;
    clients_.take(fds);
  }
}

}  // namespace aclk::external
