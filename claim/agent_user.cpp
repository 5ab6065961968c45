// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/agent_user.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "claim/base/c_own.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

std::string name_of(uid_t uid) {
  std::array<char, 4096> text{};
  passwd entry{};
  passwd *found = nullptr;
  if (::getpwuid_r(uid, &entry, text.data(), text.size(), &found) != 0 || found == nullptr) return std::to_string(uid);
  return found->pw_name;
}

std::optional<AgentUser> owner_but_root(const fs::path &dir) {
  struct stat st {};
  if (::stat(dir.c_str(), &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid == 0) return std::nullopt;
  return AgentUser{st.st_uid, st.st_gid, name_of(st.st_uid), dir};
}

// Somebody made cloud.d with sudo, to put cloud.conf or trusted.pem there. Never through a symbolic link.
Result<void> hand_over(const fs::path &dir, const AgentUser &user) {
  const Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0 || st.st_uid != 0) return {};
  if (::fchown(fd.get(), user.uid, user.gid) == 0) return {};
  return fail(Errc::denied,
              fmt::format("cannot give {} to the user {}: {}", dir.string(), user.name, std::strerror(errno)));
}

}  // namespace

std::optional<AgentUser> agent_user_of(const fs::path &dir) {
  if (auto user = owner_but_root(dir)) return user;
  return owner_but_root(dir.parent_path());
}

Result<void> become_agent_user(const fs::path &dir) {
  const auto user = agent_user_of(dir);
  const auto me = ::geteuid();
  if (!user || user->uid == me) return {};
  if (me != 0)
    return fail(Errc::denied, fmt::format("This must be run by root or by the user {}, who owns {}: the agent could "
                                          "not read a private key that {} writes",
                                          user->name, user->of.string(), name_of(me)));
  if (auto r = hand_over(dir, *user); !r) return r;
  const bool named = ::initgroups(user->name.c_str(), user->gid) == 0;
  if ((!named && ::setgroups(0, nullptr) != 0) || ::setresgid(user->gid, user->gid, user->gid) != 0 ||
      ::setresuid(user->uid, user->uid, user->uid) != 0)
    return fail(Errc::denied, fmt::format("cannot become the user {}, who owns {}: {}. Run this as that user",
                                          user->name, user->of.string(), std::strerror(errno)));
  return {};
}

}  // namespace aclk::claim
