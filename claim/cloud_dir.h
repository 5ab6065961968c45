// SPDX-License-Identifier: GPL-3.0-or-later
//
// The directory cloud.d, held by one writer at a time.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <utility>

#include "claim/base/c_own.h"
#include "claim/base/result.h"

namespace aclk::claim {

// The agent's own modes of the files in it (claim/README.md, "Files"); the private key is nobody else's business.
inline constexpr mode_t kCloudFileMode = 0660;
inline constexpr mode_t kPrivateKeyMode = 0600;

// While it lives, no other process writes an identity here: it holds flock(2) on the directory itself, so there is no
// lock file to be left behind. Readers are not held up.
class CloudDir {
 public:
  // Makes DIR (its parent must exist) and gives it mode 0770 if it is ours; removes what a killed run left staged. A
  // DIR that root made is replaced by one of ours, with what an administrator puts there (replace_roots_directory).
  // DIR may be a symbolic link to a directory of ours, on another volume for example; not to one of anybody else.
  // Errors: not_found (no parent), denied, io; unavailable when another process holds it, at once.
  [[nodiscard]] static Result<CloudDir> open(const std::filesystem::path &dir);

  [[nodiscard]] const std::filesystem::path &path() const { return path_; }

 private:
  CloudDir(std::filesystem::path path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  std::filesystem::path path_;
  Fd fd_;  // open and locked
};

}  // namespace aclk::claim
