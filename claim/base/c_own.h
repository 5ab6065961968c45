// SPDX-License-Identifier: GPL-3.0-or-later
//
// A C handle has an owner:  using SslCtx = COwn<SSL_CTX, SSL_CTX_free>;
#pragma once

#include <unistd.h>

#include <memory>
#include <utility>

namespace aclk {

template <auto Free>
struct CFree {
  template <class T>
  void operator()(T *p) const noexcept {
    Free(p);
  }
};

template <class T, auto Free>
using COwn = std::unique_ptr<T, CFree<Free>>;

// A file descriptor with one owner; -1 is none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd &&o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Fd &operator=(Fd &&o) noexcept {
    if (this != &o) reset(std::exchange(o.fd_, -1));
    return *this;
  }
  Fd(const Fd &) = delete;
  Fd &operator=(const Fd &) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace aclk
