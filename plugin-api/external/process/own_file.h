// SPDX-License-Identifier: GPL-3.0-or-later
//
// The file that this process was started from, and what is in its place now: a package's upgrade puts another one
// there, its removal none (replacement_policy.h).
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include "plugin-api/external/process/replacement_policy.h"

namespace aclk::external {

class OwnFile {
 public:
  // program: argv[0]. nullopt: what runs there is not known to be that file (valgrind, a loader, no /proc, a name that
  // was looked for in PATH); then nobody has to look.
  [[nodiscard]] static std::optional<OwnFile> find(const char *program);

  // As the agent named it: its links are followed anew each time.
  [[nodiscard]] const std::filesystem::path &path() const { return path_; }
  // Where its links lead now: a change there is what the kernel tells.
  [[nodiscard]] std::filesystem::path real_path() const;
  [[nodiscard]] FileSeen look() const;

 private:
  OwnFile(std::filesystem::path path, dev_t device, ino_t inode)
      : path_(std::move(path)), device_(device), inode_(inode) {}

  std::filesystem::path path_;
  // The inode of a file that runs is not used for another one.
  dev_t device_;
  ino_t inode_;
};

}  // namespace aclk::external
