// SPDX-License-Identifier: GPL-3.0-or-later
//
// A listening unix socket that only this process can find, for libraries that insist on calling connect() themselves.
#pragma once

#include <filesystem>
#include <string>

#include "claim/base/c_own.h"
#include "claim/base/result.h"

namespace aclk::transport {

// Lives in a fresh directory of mode 0700 under the system's temporary directory (else under `fallback`); both vanish
// with the object, or earlier with remove(). Backlog of one.
class Rendezvous {
 public:
  [[nodiscard]] static Result<Rendezvous> make(const std::filesystem::path &fallback);
  Rendezvous(Rendezvous &&) noexcept;
  Rendezvous &operator=(Rendezvous &&) noexcept;
  Rendezvous(const Rendezvous &) = delete;
  Rendezvous &operator=(const Rendezvous &) = delete;
  ~Rendezvous();

  [[nodiscard]] const std::string &path() const { return path_; }
  // The other end of a connect() that this process just made; fails when the peer is another process.
  [[nodiscard]] Result<Fd> accept();
  void remove() noexcept;

 private:
  Rendezvous() = default;
  std::string dir_;
  std::string path_;
  Fd listener_;
};

}  // namespace aclk::transport
