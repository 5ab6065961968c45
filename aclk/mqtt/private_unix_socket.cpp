// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/private_unix_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace aclk::mqtt {
namespace fs = std::filesystem;
namespace {

std::string private_dir(const fs::path &parent) {
  std::string dir = (parent / "aclk-XXXXXX").string();
  // The socket's name has to fit sockaddr_un (108 bytes with its end).
  if (dir.size() + 3 >= sizeof(sockaddr_un{}.sun_path) || ::mkdtemp(dir.data()) == nullptr) return {};
  return dir;
}

tl::unexpected<Error> failed(const char *what) {
  return fail(Errc::io, fmt::format("cannot {} a private socket: {}", what, std::strerror(errno)));
}

}  // namespace

Result<PrivateUnixSocket> PrivateUnixSocket::make(const fs::path &fallback) {
  std::error_code ec;
  PrivateUnixSocket r;
  if (const auto tmp = fs::temp_directory_path(ec); !ec) r.dir_ = private_dir(tmp);
  if (r.dir_.empty()) r.dir_ = private_dir(fallback);
  if (r.dir_.empty())
    return fail(Errc::io, fmt::format("cannot make a directory in the system's temporary directory nor in {}: {}",
                                      fallback.string(), std::strerror(errno)));
  r.path_ = r.dir_ + "/s";
  r.listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!r.listener_) return failed("create");
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  std::memcpy(a.sun_path, r.path_.c_str(), r.path_.size() + 1);
  if (::bind(r.listener_.get(), reinterpret_cast<const sockaddr *>(&a), sizeof a) != 0) return failed("bind");
  if (::listen(r.listener_.get(), 1) != 0) return failed("listen on");
  return r;
}

PrivateUnixSocket::PrivateUnixSocket(PrivateUnixSocket &&o) noexcept
    : dir_(std::exchange(o.dir_, {})), path_(std::exchange(o.path_, {})), listener_(std::move(o.listener_)) {}

PrivateUnixSocket &PrivateUnixSocket::operator=(PrivateUnixSocket &&o) noexcept {
  if (this != &o) {
    remove();
    dir_ = std::exchange(o.dir_, {});
    path_ = std::exchange(o.path_, {});
    listener_ = std::move(o.listener_);
  }
  return *this;
}

PrivateUnixSocket::~PrivateUnixSocket() { remove(); }

Result<Fd> PrivateUnixSocket::accept() {
  Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) return failed("accept on");
  ucred peer{};
  socklen_t len = sizeof peer;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) return failed("check the peer of");
  if (peer.pid != ::getpid()) return fail(Errc::denied, "another process connected to our private socket");
  return fd;
}

void PrivateUnixSocket::remove() noexcept {
  listener_.reset();
  if (!path_.empty()) ::unlink(path_.c_str());
  if (!dir_.empty()) ::rmdir(dir_.c_str());
  path_.clear();
  dir_.clear();
}

}  // namespace aclk::mqtt
