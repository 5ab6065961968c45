// SPDX-License-Identifier: GPL-3.0-or-later
//
// The file and the listening descriptor of the plugin's local socket: a unix socket, mode 0660, of the agent's group.
// The supervisor has it for the plugin's whole life; a worker inherits the descriptor and accepts in the supervisor's
// place while it has a link to tell of (local_socket.h), so that there is no moment at which nobody listens.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <vector>

#include "claim/base/c_own.h"
#include "claim/base/result.h"

namespace aclk::external {

class LocalListener {
 public:
  // Listens at the first of the places where that is possible. A socket that nobody listens on any more is replaced;
  // anything else that stands there stays as it is, and the place is left out. Errors name each place with its reason.
  [[nodiscard]] static Result<LocalListener> open(const std::vector<std::filesystem::path> &places);
  // Removes the file, if it is still the one made here.
  ~LocalListener();
  LocalListener(LocalListener &&) noexcept = default;
  LocalListener &operator=(LocalListener &&) = delete;
  LocalListener(const LocalListener &) = delete;
  LocalListener &operator=(const LocalListener &) = delete;

  // Not blocking.
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::filesystem::path &path() const { return path_; }

 private:
  LocalListener(Fd fd, std::filesystem::path path);

  Fd fd_;
  std::filesystem::path path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace aclk::external
