// SPDX-License-Identifier: GPL-3.0-or-later
//
// The directory cloud.d: held by one writer at a time, its files' modes and owners put right, and made anew when root
// made it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

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

// What people, backups and older programs leave in cloud.d is put right where we may, and named where we may not:
//
//   private.pem                                 for its owner alone
//   cloud.d, cloud.conf, claimed_id, public.pem nothing for others: cloud.conf holds the token and a proxy's password
//   each of them                                belongs to the user who runs this
//   public.pem                                  the public half of private.pem, made anew when it is missing or no key
//
// Modes never get wider. Nothing is done through a symbolic link.
struct PermissionRepairs {
  std::vector<std::string> repaired;  // sentences for the log; no secrets
  std::vector<std::string> wrong;     // what somebody else has to do
};

// Blocks for a few file operations. A directory that does not exist is fine.
[[nodiscard]] PermissionRepairs repair_permissions(const std::filesystem::path &cloud_dir);

// `sudo mkdir cloud.d; sudo cp ca.pem cloud.d/trusted.pem`: the agent's user cannot write in that. Nothing is given to
// him by root, since he may have renamed any directory of root's that lies beside it to cloud.d. What he is allowed to
// do himself is enough: rename it, and make a new one with what he can read.
//
// When DIR is a directory of root's, no link, in which we, another user, may not write: a new one of ours (MODE) stands
// in its place afterwards, with copies of what an administrator puts there: cloud.conf, trusted.pem,
// cloud_fullchain.pem, token, rooms. An empty one is removed, another one keeps its files and lies beside it as
// DIR.of-root. With anything else in it nothing is changed: that is no directory that was meant as this.
// Errors: denied, io; they say what to do.
[[nodiscard]] Result<void> replace_roots_directory(const std::filesystem::path &dir, mode_t mode);

}  // namespace aclk::claim
