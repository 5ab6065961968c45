// SPDX-License-Identifier: GPL-3.0-or-later
//
// A listening unix socket that only this process can find, for libraries that insist on calling connect() themselves.
#pragma once

#include <filesystem>
#include <string>

#include "claim/base/c_own.h"
#include "claim/base/result.h"

namespace aclk::mqtt {

// Lives in a fresh directory of mode 0700 under the system's temporary directory (else under `fallback`); both vanish
// with the object, or earlier with remove(). Backlog of one.
class PrivateUnixSocket {
 public:
  [[nodiscard]] static Result<PrivateUnixSocket> make(const std::filesystem::path &fallback);
  PrivateUnixSocket(PrivateUnixSocket &&) noexcept;
  PrivateUnixSocket &operator=(PrivateUnixSocket &&) noexcept;
  PrivateUnixSocket(const PrivateUnixSocket &) = delete;
  PrivateUnixSocket &operator=(const PrivateUnixSocket &) = delete;
  ~PrivateUnixSocket();

  [[nodiscard]] const std::string &path() const { return path_; }
  // The other end of a connect() that this process just made; fails when the peer is another process.
  [[nodiscard]] Result<Fd> accept();
  void remove() noexcept;

 private:
  PrivateUnixSocket() = default;
  std::string dir_;
  std::string path_;
  Fd listener_;
};

}  // namespace aclk::mqtt
