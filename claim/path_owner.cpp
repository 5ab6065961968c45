// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/path_owner.h"

#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <deque>
#include <system_error>

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxLinks = 40;  // the kernel's own bound

void put_before(std::deque<fs::path> &left, const fs::path &target) {
  const auto relative = target.relative_path();
  left.insert(left.begin(), relative.begin(), relative.end());
}

bool others_may_write(const PathPart &p) {
  const bool own_things_only = S_ISDIR(p.mode) && (p.mode & S_ISVTX) != 0;
  if (own_things_only || S_ISLNK(p.mode) || S_ISSOCK(p.mode)) return false;
  return (p.mode & S_IWOTH) != 0 || ((p.mode & S_IWGRP) != 0 && p.gid != 0);
}

}  // namespace

std::vector<PathPart> way_to(const fs::path &path) {
  std::error_code ignored;
  std::deque<fs::path> left;
  put_before(left, fs::absolute(path, ignored));
  std::vector<PathPart> way;
  fs::path at = "/";
  // True: it is root's, and there may be more behind it.
  const auto look = [&way](const fs::path &p, struct stat &st) {
    if (::lstat(p.c_str(), &st) != 0) return false;
    way.push_back({p, st.st_uid, st.st_gid, st.st_mode});
    return st.st_uid == 0;
  };
  struct stat st {};
  if (!look(at, st)) return way;
  for (int links = 0; !left.empty();) {
    const auto name = left.front();
    left.pop_front();
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      at = at.parent_path();
      continue;
    }
    if (!look(at / name, st)) return way;
    if (!S_ISLNK(st.st_mode)) {
      at /= name;
      continue;
    }
    const auto target = fs::read_symlink(at / name, ignored);
    if (target.empty() || ++links > kMaxLinks) return way;
    if (target.is_absolute()) at = "/";
    put_before(left, target);
  }
  return way;
}

std::optional<PathOwner> first_owner(const std::vector<PathPart> &way) {
  const auto it = std::ranges::find_if(way, [](const PathPart &p) { return p.uid != 0; });
  if (it == way.end()) return std::nullopt;
  return PathOwner{it->uid, it->gid, it->path};
}

fs::path shared_part(const std::vector<PathPart> &way) {
  const auto it = std::ranges::find_if(way, others_may_write);
  return it == way.end() ? fs::path() : it->path;
}

bool is_roots_alone(const std::vector<PathPart> &way) { return !first_owner(way) && shared_part(way).empty(); }

std::string user_name(uid_t uid) {
  std::array<char, 4096> text{};
  passwd entry{};
  passwd *found = nullptr;
  if (::getpwuid_r(uid, &entry, text.data(), text.size(), &found) != 0 || found == nullptr) return std::to_string(uid);
  return found->pw_name;
}

}  // namespace aclk::claim
