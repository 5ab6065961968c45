// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/agent_user.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <system_error>

#include "claim/base/files.h"
#include "claim/ini.h"

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

constexpr std::size_t kMaxConf = 4U << 20;
constexpr const char *kUsualUser = "netdata";

std::optional<passwd> entry_of(const std::string &name, std::array<char, 4096> &text) {
  passwd entry{};
  passwd *found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return entry;
}

// A directory that root made may have root's group, which must not come with it.
gid_t group_of(const std::string &name, const PathOwner &owner) {
  std::array<char, 4096> text{};
  if (const auto entry = entry_of(name, text)) return entry->pw_gid;
  return owner.gid != 0 ? owner.gid : static_cast<gid_t>(owner.uid);
}

AgentUser user_of(const PathOwner &owner) {
  auto name = user_name(owner.uid);
  const auto gid = group_of(name, owner);
  return {owner.uid, gid, std::move(name), fmt::format("who owns {}", owner.of.string())};
}

std::optional<std::string> configured_user(const AgentPlaces &places) {
  if (!is_roots_alone(way_to(places.netdata_conf))) return std::nullopt;
  const auto text = read_file(places.netdata_conf, kMaxConf);
  return text ? run_as_user(*text, places) : std::nullopt;
}

bool is_roots_directory_or_nothing(const fs::path &dir) {
  struct stat st {};
  if (::lstat(dir.c_str(), &st) != 0) return errno == ENOENT;
  return S_ISDIR(st.st_mode) && st.st_uid == 0;
}

Evidence look_around(const AgentPlaces &places) {
  Evidence e;
  for (const auto &dir : {places.cloud_dir, places.lib_dir}) {
    const auto way = way_to(dir);
    if (!e.owner) e.owner = first_owner(way);
    if (e.shared.empty()) e.shared = shared_part(way);
  }
  e.run_as_user = configured_user(places);
  if (e.run_as_user == "root") e.roots_cloud_dir = is_roots_directory_or_nothing(places.cloud_dir);
  std::array<char, 4096> text{};
  e.has_netdata = entry_of(kUsualUser, text).has_value();
  return e;
}

tl::unexpected<Error> cannot_become(const AgentUser &user, const char *why) {
  return fail(Errc::denied,
              fmt::format("cannot become the user {}, {}: {}. Run this as that user", user.name, user.from, why));
}

// From root. Nothing of root is left afterwards, and nothing brings it back.
Result<void> become(const AgentUser &user) {
  const bool named = ::initgroups(user.name.c_str(), user.gid) == 0;
  if ((!named && ::setgroups(0, nullptr) != 0) || ::setresgid(user.gid, user.gid, user.gid) != 0 ||
      ::setresuid(user.uid, user.uid, user.uid) != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return cannot_become(user, std::strerror(errno));
  // A process that was started with "keep capabilities" is root under another name.
  if (::setresuid(static_cast<uid_t>(-1), 0, static_cast<uid_t>(-1)) == 0)
    return cannot_become(user, "this process keeps its capabilities (securebits)");
  return {};
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

std::optional<std::string> run_as_user(std::string_view netdata_conf, const AgentPlaces &places) {
  if (!places.conf_is_theirs) {
    auto lib = ini_value(netdata_conf, "directories", "lib");
    if (!lib) lib = ini_value(netdata_conf, "global", "lib directory");
    if (fs::path(lib.value_or("/var/lib/netdata")).lexically_normal() != places.lib_dir.lexically_normal())
      return std::nullopt;
  }
  return ini_value(netdata_conf, "global", "run as user");
}

UserVerdict judge_user(const Evidence &e) {
  const bool is_root = e.run_as_user == "root";
  if (e.owner && !(is_root && e.roots_cloud_dir)) return {e.owner->uid, {}, false};
  if (e.run_as_user) return is_root ? UserVerdict{} : UserVerdict{{}, e.run_as_user, false};
  if (e.shared.empty()) return {};
  return e.has_netdata ? UserVerdict{{}, kUsualUser, false} : UserVerdict{{}, {}, true};
}

Result<std::optional<AgentUser>> agent_user(const AgentPlaces &places) {
  const auto evidence = look_around(places);
  const auto verdict = judge_user(evidence);
  if (verdict.unknown)
    return fail(Errc::denied,
                fmt::format("Others than root may change {}, and nothing says which user the agent runs as. Set 'run "
                            "as user' in [global] of {}, or run this as that user",
                            evidence.shared.string(), places.netdata_conf.string()));
  if (verdict.uid) return user_of(*evidence.owner);
  if (!verdict.name) return std::nullopt;
  const auto from = evidence.run_as_user
                        ? fmt::format("as {} says", places.netdata_conf.string())
                        : fmt::format("because others than root may change {}", evidence.shared.string());
  std::array<char, 4096> text{};
  const auto entry = entry_of(*verdict.name, text);
  if (!entry)
    return fail(Errc::denied, fmt::format("This would be done as the user {}, {}, and there is no such user. Correct "
                                          "'run as user' in [global] of {}",
                                          *verdict.name, from, places.netdata_conf.string()));
  return AgentUser{entry->pw_uid, entry->pw_gid, *verdict.name, from};
}

Result<void> become_agent_user(const AgentPlaces &places) {
  const auto me = ::geteuid();
  const auto user = agent_user(places);
  if (!user && me != 0) return {};  // he has no more than his own rights anyway
  if (!user) return tl::unexpected<Error>(user.error());
  if (!*user || (*user)->uid == me) return {};
  if (me != 0)
    return fail(Errc::denied, fmt::format("This must be run by root or by the user {}, {}: the agent could not read a "
                                          "private key that {} writes",
                                          (*user)->name, (*user)->from, user_name(me)));
  return become(**user);
}

Result<void> step_down_for(const fs::path &path) {
  if (::geteuid() != 0) return {};
  const auto owner = first_owner(way_to(path));
  return owner ? become(user_of(*owner)) : Result<void>();
}

bool lies_with(const fs::path &path, const AgentUser &user) {
  const auto owner = first_owner(way_to(path));
  return owner && owner->uid == user.uid;
}

}  // namespace aclk::claim
