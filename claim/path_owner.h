// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whose is a path? Whoever owns a directory on the way to it can put anything in the place of what comes below, a
// symbolic link for example. So not the owner of the last part counts, but that of the first one that is not root's:
// all that is above it is root's alone, and therefore is what it seems to be.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace aclk::claim {

// A part of the way, as lstat(2) sees it.
struct PathPart {
  std::filesystem::path path;
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0;
};

// From "/" to PATH, or to the first part that does not exist, cannot be seen, or is not root's. Root's own links are
// followed: their parts and their targets' are in the list. PATH is taken from the working directory when relative.
[[nodiscard]] std::vector<PathPart> way_to(const std::filesystem::path &path);

struct PathOwner {
  uid_t uid = 0;
  gid_t gid = 0;             // of the part
  std::filesystem::path of;  // the part
};

// The owner of the first part that is not root's; nullopt: all are. Pure.
[[nodiscard]] std::optional<PathOwner> first_owner(const std::vector<PathPart> &way);

// The first of root's directories and files that others than root may change as well: writable for a group other than
// root's, or for all (a directory with the sticky bit is not meant: there each has only what is his). Empty: none.
// Pure.
[[nodiscard]] std::filesystem::path shared_part(const std::vector<PathPart> &way);

// Nobody but root has a hand in what is there.
[[nodiscard]] bool is_roots_alone(const std::vector<PathPart> &way);

// The name of the user; the number as text when the system has no name for it.
[[nodiscard]] std::string user_name(uid_t uid);

}  // namespace aclk::claim
