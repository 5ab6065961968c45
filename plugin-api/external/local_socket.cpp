// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/local_socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

namespace aclk::external {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr mode_t kMode = 0660;
constexpr int kBacklog = 16;
constexpr std::size_t kMaxClients = 16;  // more wait in the backlog
constexpr auto kPatience = 5s;           // from accept to the last byte

std::string errno_text() { return std::system_category().message(errno); }

Result<sockaddr_un> address_of(const std::filesystem::path &path) {
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  const auto &text = path.native();
  if (text.size() >= sizeof a.sun_path)
    return fail(Errc::invalid_argument, fmt::format("the path is longer than {} bytes", sizeof a.sun_path - 1));
  std::memcpy(a.sun_path, text.data(), text.size());
  return a;
}

// Is somebody listening there?
bool answered(const sockaddr_un &a) {
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return ::connect(fd.get(), reinterpret_cast<const sockaddr *>(&a), sizeof a) == 0 || errno == EAGAIN;
}

// What stood there before us may go only if it is a socket without a listener.
Result<void> make_way(const std::filesystem::path &path, const sockaddr_un &a) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) return {};
  if (!S_ISSOCK(st.st_mode)) return fail(Errc::io, "something that is no socket is there");
  if (answered(a)) return fail(Errc::io, "another process listens there");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail(Errc::io, errno_text());
  return {};
}

Result<Fd> listen_at(const std::filesystem::path &path) {
  const auto a = address_of(path);
  if (!a) return tl::unexpected<Error>(a.error());
  if (const auto free = make_way(path, *a); !free) return tl::unexpected<Error>(free.error());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // On Linux bind() gives the file the mode of the descriptor: it is never there with another.
  if (!fd || ::fchmod(fd.get(), kMode) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr *>(&*a), sizeof *a) != 0)
    return fail(Errc::io, errno_text());
  (void)::chmod(path.c_str(), kMode);  // the umask took its part
  // Root's group is nobody's who is meant to read this: the group of the directory's owner is.
  struct stat dir {};
  if (::geteuid() == 0 && ::stat(path.parent_path().c_str(), &dir) == 0)
    (void)!::lchown(path.c_str(), static_cast<uid_t>(-1), dir.st_gid);
  if (::listen(fd.get(), kBacklog) != 0) {
    const auto why = errno_text();
    (void)::unlink(path.c_str());
    return fail(Errc::io, why);
  }
  return fd;
}

}  // namespace

struct LocalSocket::Client {
  Fd fd;
  std::string in;
  std::string out;
  std::size_t sent = 0;
  Clock::time_point until;
};

Result<std::unique_ptr<LocalSocket>> LocalSocket::open(const std::vector<std::filesystem::path> &places, Serve serve) {
  std::string why;
  for (const auto &place : places) {
    auto fd = listen_at(place);
    if (!fd) {
      why += fmt::format("{}{}: {}", why.empty() ? "" : "; ", place.native(), fd.error().what);
      continue;
    }
    try {
      return std::unique_ptr<LocalSocket>(new LocalSocket(std::move(*fd), place, std::move(serve)));
    } catch (const std::system_error &e) {
      (void)::unlink(place.c_str());
      return fail(Errc::io, e.what());
    }
  }
  return fail(Errc::io, why);
}

LocalSocket::LocalSocket(Fd listener, std::filesystem::path path, Serve serve)
    : listener_(std::move(listener)),
      path_(std::move(path)),
      serve_(std::move(serve)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  struct stat st {};
  if (::lstat(path_.c_str(), &st) == 0) {
    device_ = st.st_dev;
    inode_ = st.st_ino;
  }
  thread_ = std::thread([this] { run(); });
}

LocalSocket::~LocalSocket() {
  ending_.store(true);
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
  thread_.join();
  struct stat st {};
  if (::lstat(path_.c_str(), &st) == 0 && st.st_dev == device_ && st.st_ino == inode_) (void)::unlink(path_.c_str());
}

void LocalSocket::run() {
  std::vector<Client> clients;
  std::vector<pollfd> fds;
  while (!ending_.load()) {
    fds.clear();
    fds.push_back({wake_.get(), POLLIN, 0});
    fds.push_back({clients.size() < kMaxClients ? listener_.get() : -1, POLLIN, 0});
    auto until = Clock::time_point::max();
    for (const auto &c : clients) {
      fds.push_back({c.fd.get(), static_cast<short>(c.out.empty() ? POLLIN : POLLOUT), 0});
      until = std::min(until, c.until);
    }
    const auto left = until == Clock::time_point::max()
                          ? -1
                          : std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    (void)::poll(fds.data(), fds.size(), clients.empty() ? -1 : static_cast<int>(std::max<long long>(left, 0)));
    if (ending_.load()) return;
    const auto now = Clock::now();
    std::vector<Client> still;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      auto &c = clients[i];
      if (go_on(c, fds[i + 2].revents) && now < c.until) still.push_back(std::move(c));
    }
    clients = std::move(still);
    if (fds[1].revents != 0) accept(clients);
  }
}

void LocalSocket::accept(std::vector<Client> &clients) {
  Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd) {
    // Without descriptors the listener stays readable: rather late than busy.
    if (errno == EMFILE || errno == ENFILE) (void)::poll(nullptr, 0, 200);
    return;
  }
  clients.push_back({std::move(fd), {}, {}, 0, Clock::now() + kPatience});
}

bool LocalSocket::go_on(Client &c, short events) {
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
      c.out = serve_(request);
      c.until = Clock::now() + kPatience;  // what serve() took is not the client's fault
    } else {
      c.out = local_error(request.status, "This is no request that is understood here.");
    }
  }
  const auto n = ::send(c.fd.get(), c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  c.sent += static_cast<std::size_t>(n);
  return c.sent < c.out.size();
}

}  // namespace aclk::external
