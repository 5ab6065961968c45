// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/control_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace aclk::external {
using namespace std::chrono_literals;
namespace {

constexpr mode_t kMode = 0660;
constexpr int kBacklog = 16;

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

// The umask took its part of the mode. Of an agent that is root the group is nobody's who is meant to read this: that
// of the directory's owner is. Not by name: in a directory of somebody else another file may have that name by now.
void open_to_group(const std::filesystem::path &path) {
  const Fd file(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat st {};
  if (!file || ::fstat(file.get(), &st) != 0 || !S_ISSOCK(st.st_mode) || st.st_uid != ::geteuid() || st.st_nlink != 1)
    return;
  struct stat dir {};
  if (::geteuid() == 0 && ::stat(path.parent_path().c_str(), &dir) == 0)
    (void)!::fchownat(file.get(), "", static_cast<uid_t>(-1), dir.st_gid, AT_EMPTY_PATH);
  (void)::chmod(fmt::format("/proc/self/fd/{}", file.get()).c_str(), kMode);
}

Result<Fd> listen_at(const std::filesystem::path &path) {
  ACLK_TRY(const auto a, address_of(path));
  ACLK_CHECK(make_way(path, a));
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // On Linux bind() gives the file the mode of the descriptor: it is never there with another.
  if (!fd || ::fchmod(fd.get(), kMode) != 0 || ::bind(fd.get(), reinterpret_cast<const sockaddr *>(&a), sizeof a) != 0)
    return fail(Errc::io, errno_text());
  open_to_group(path);
  if (::listen(fd.get(), kBacklog) != 0) {
    const auto why = errno_text();
    (void)::unlink(path.c_str());
    return fail(Errc::io, why);
  }
  return fd;
}

constexpr auto kRetry = 10s;

}  // namespace

Result<LocalListener> LocalListener::open(const std::vector<std::filesystem::path> &places) {
  std::string why;
  for (const auto &place : places) {
    auto fd = listen_at(place);
    if (fd) return LocalListener(std::move(*fd), place);
    why += fmt::format("{}{}: {}", why.empty() ? "" : "; ", place.native(), fd.error().what);
  }
  return fail(Errc::io, why);
}

LocalListener::LocalListener(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {
  struct stat st {};
  if (::lstat(path_.c_str(), &st) != 0) return;
  device_ = st.st_dev;
  inode_ = st.st_ino;
}

LocalListener::~LocalListener() {
  if (!fd_) return;  // moved from
  struct stat st {};
  if (::lstat(path_.c_str(), &st) == 0 && st.st_dev == device_ && st.st_ino == inode_) (void)::unlink(path_.c_str());
}

ControlServer::ControlServer(std::vector<std::filesystem::path> places, AgentLog &log, LocalClients::Serve serve)
    : places_(std::move(places)), log_(log), clients_(std::move(serve)) {
  if (places_.empty()) open_at_ = Time::max();
}

void ControlServer::wait_for(std::vector<pollfd> &fds) { clients_.wait_for(fds, worker_answers_ ? -1 : socket_fd()); }

ControlServer::Time ControlServer::next() const { return std::min(clients_.next(), open_at_); }

void ControlServer::on_time(Time now) {
  if (now < open_at_) return;
  auto opened = LocalListener::open(places_);
  if (!opened) {
    open_at_ = now + kRetry;
    if (std::exchange(said_, opened.error().what) != opened.error().what)
      log_.warning(fmt::format("there is no local socket: {}", opened.error().what));
    return;
  }
  open_at_ = Time::max();
  listener_.emplace(std::move(*opened));
  log_.info(fmt::format("state and commands at the local socket {}", listener_->path().native()));
}

}  // namespace aclk::external
