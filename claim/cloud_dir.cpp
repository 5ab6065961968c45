// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/cloud_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <system_error>

#include "claim/agent_user.h"
#include "claim/base/c_own.h"
#include "claim/base/files.h"
#include "claim/identity.h"
#include "claim/key.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

constexpr mode_t kDirMode = 0770;

Result<void> make(const fs::path &dir) {
  if (::mkdir(dir.c_str(), kDirMode) == 0 || errno == EEXIST) return {};
  const int err = errno;
  if (err == ENOENT)
    return fail(Errc::not_found, fmt::format("Failed to create claiming working directory {}: {} does not exist. Is "
                                             "the Netdata agent installed? Its library directory can be named with "
                                             "NETDATA_LIB_DIR, the cloud directory with --cloud-dir",
                                             dir.string(), dir.parent_path().string()));
  return fail(err == EACCES ? Errc::denied : Errc::io,
              fmt::format("Failed to create claiming working directory {}: {}", dir.string(), std::strerror(err)));
}

// A directory that the agent made has 0750, one made by hand anything. A symbolic link, and a directory of somebody
// else, keep what they have.
void set_mode(const fs::path &dir) {
  const Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0 || st.st_uid != ::geteuid() || (st.st_mode & 0777U) == kDirMode) return;
  (void)::fchmod(fd.get(), (st.st_mode & 07000U) | kDirMode);
}

void remove_leftovers(const fs::path &dir) {
  std::error_code ignored;
  for (auto it = fs::directory_iterator(dir, ignored); it != fs::directory_iterator(); it.increment(ignored)) {
    if (ignored) return;
    if (it->path().filename().string().starts_with(kStagedPrefix)) ::unlink(it->path().c_str());
  }
}

std::string us() { return user_name(::geteuid()); }

tl::unexpected<Error> no_write_permission(const fs::path &dir, int err) {
  struct stat st {};
  std::string next = "Run this as root or as the agent's user";
  if (::stat(dir.c_str(), &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid != ::geteuid())
    next = fmt::format("It belongs to {} (mode {:04o}), and the agent runs as {}: give it to that user (chown {}: {})",
                       user_name(st.st_uid), st.st_mode & 07777U, us(), us(), dir.string());
  return fail(err == EACCES ? Errc::denied : Errc::io,
              fmt::format("No write permission in claiming working directory {}: {}. {}", dir.string(),
                          std::strerror(err), next));
}

// Through a link only to a directory of ours: in one of somebody else there may be an identity of his.
Result<void> check_link(const fs::path &dir, int fd) {
  std::error_code not_a_link;
  const auto target = fs::read_symlink(dir, not_a_link);
  struct stat st {};
  if (not_a_link || ::fstat(fd, &st) != 0 || st.st_uid == ::geteuid()) return {};
  return fail(Errc::denied,
              fmt::format("{} is a symbolic link to {}, which belongs to {}, and the agent runs as {}: nothing is done "
                          "there. Remove the link, or let it point to a directory of the user {}",
                          dir.string(), target.string(), user_name(st.st_uid), us(), us()));
}

constexpr std::array<std::string_view, 5> kByAdministrators{"cloud.conf", "trusted.pem", "cloud_fullchain.pem", "token",
                                                            "rooms"};

tl::unexpected<Error> not_ours(const fs::path &dir, const std::string &why) {
  const auto us = user_name(::geteuid());
  return fail(Errc::denied, fmt::format("No write permission in claiming working directory {}: it belongs to root, and "
                                        "the agent runs as {}; {}. If it is the agent's, give it to that user: chown "
                                        "-R {}: {}",
                                        dir.string(), us, why, us, dir.string()));
}

Result<std::map<std::string, std::string>> contents(const fs::path &dir) {
  std::map<std::string, std::string> files;
  std::error_code failed;
  for (auto it = fs::directory_iterator(dir, failed); !failed && it != fs::directory_iterator(); it.increment(failed)) {
    auto name = it->path().filename().string();
    if (std::ranges::find(kByAdministrators, name) == kByAdministrators.end())
      return not_ours(dir, fmt::format("what lies in it ({}) is not only what an administrator puts there", name));
    auto text = read_file(it->path());
    if (!text) return not_ours(dir, text.error().what);
    files[std::move(name)] = std::move(*text);
  }
  if (failed) return not_ours(dir, failed.message());
  return files;
}

Result<void> fill(const fs::path &dir, const std::map<std::string, std::string> &files, mode_t mode) {
  for (const auto &[name, text] : files) ACLK_CHECK(write_file_atomically(dir / name, text, kCloudFileMode));
  if (::chmod(dir.c_str(), mode) != 0) return not_ours(dir, std::strerror(errno));
  return {};
}

// Nobody sees a moment without cloud.d.
Result<void> take_its_place(const fs::path &dir, const fs::path &made) {
  if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, dir.c_str(), RENAME_EXCHANGE) == 0) return {};
  return not_ours(dir, fmt::format("it cannot be replaced: {}", std::strerror(errno)));
}

}  // namespace

Result<CloudDir> CloudDir::open(const fs::path &dir) {
  ACLK_CHECK(make(dir));
  ACLK_CHECK(replace_roots_directory(dir, kDirMode));
  set_mode(dir);
  Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ACLK_CHECK(check_link(dir, fd.get()));
  if (!fd || ::access(dir.c_str(), W_OK | X_OK) != 0) return no_write_permission(dir, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    const int err = errno;
    if (err == EWOULDBLOCK)
      return fail(Errc::unavailable, fmt::format("another claim is running in {}: wait until it has ended, and see "
                                                 "what it says",
                                                 dir.string()));
    return fail(Errc::io, fmt::format("cannot lock {}: {}", dir.string(), std::strerror(err)));
  }
  remove_leftovers(dir);
  return CloudDir(dir, std::move(fd));
}

namespace {

struct Rule {
  const char *name;  // "" = the directory
  mode_t forbidden;
};
constexpr std::array kRules{Rule{"", 0007}, Rule{"private.pem", 0077}, Rule{"public.pem", 0007},
                            Rule{"cloud.conf", 0007}, Rule{"claimed_id", 0007}};

void check_owner(const fs::path &file, const struct stat &st, PermissionRepairs &out) {
  if (st.st_uid == ::geteuid()) return;
  const auto owner = user_name(st.st_uid);
  const auto ours = user_name(::geteuid());
  out.wrong.push_back(fmt::format("{} belongs to {}, and the agent runs as {}: give it to that user (chown {}: {})",
                                  file.string(), owner, ours, ours, file.string()));
}

void check_mode(const fs::path &file, const struct stat &st, mode_t forbidden, int fd, PermissionRepairs &out) {
  if ((st.st_mode & forbidden) == 0) return;
  const mode_t now = st.st_mode & 07777U;
  const mode_t better = now & ~forbidden;
  const auto who = (forbidden & 0070U) != 0 ? "other users" : "users outside of the agent's group";
  if (::fchmod(fd, better) == 0)
    out.repaired.push_back(
        fmt::format("{} was open to {} (mode {:04o}); its mode is {:04o} now", file.string(), who, now, better));
  else
    out.wrong.push_back(fmt::format("{} is open to {} (mode {:04o}, {}): chmod {:04o} {}", file.string(), who, now,
                                    std::strerror(errno), better, file.string()));
}

void check(const fs::path &file, mode_t forbidden, PermissionRepairs &out) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat st {};
  if (!fd) {
    // A file that we may not even open is a matter of its owner, or of a mode like 0000.
    if (errno != EACCES || ::lstat(file.c_str(), &st) != 0) return;
    if (st.st_uid == ::geteuid())
      out.wrong.push_back(fmt::format("{} cannot be read (mode {:04o}): chmod u+rw {}", file.string(),
                                      st.st_mode & 07777U, file.string()));
    else
      check_owner(file, st, out);
    return;
  }
  if (::fstat(fd.get(), &st) != 0) return;
  check_owner(file, st, out);
  check_mode(file, st, forbidden, fd.get(), out);
}

void check_public_key(const fs::path &dir, PermissionRepairs &out) {
  const auto pem = read_file(dir / "private.pem", kMaxKeyFile);
  const auto key = pem.and_then([](const std::string &text) { return PrivateKey::from_pem(text); });
  if (!key) return;  // load_identity has the sentence, if it matters
  const auto file = dir / "public.pem";
  const auto text = read_file(file, kMaxKeyFile);
  if (text && key->matches(*text)) return;  // the right key or another one: no accident to be put right here
  if (!text && text.error().code != Errc::not_found) return;
  const auto derived = key->public_pem();
  if (derived.empty()) return;
  const auto *const what = text ? "held no public key" : "was missing";
  if (const auto r = write_file_atomically(file, derived, kCloudFileMode); r)
    out.repaired.push_back(fmt::format("{} {}; it is derived anew from private.pem", file.string(), what));
  else
    out.wrong.push_back(fmt::format("{} {}: {}", file.string(), what, r.error().what));
}

}  // namespace

PermissionRepairs repair_permissions(const fs::path &dir) {
  PermissionRepairs out;
  for (const auto &rule : kRules) check(*rule.name == '\0' ? dir : dir / rule.name, rule.forbidden, out);
  check_public_key(dir, out);
  return out;
}

Result<void> replace_roots_directory(const fs::path &dir, mode_t mode) {
  struct stat st {};
  if (::geteuid() == 0 || ::lstat(dir.c_str(), &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != 0 ||
      ::access(dir.c_str(), W_OK | X_OK) == 0)
    return {};
  if (::rmdir(dir.c_str()) == 0 && ::mkdir(dir.c_str(), mode) == 0) return {};
  ACLK_TRY(const auto files, contents(dir));
  auto made = dir.string() + ".XXXXXX";
  if (::mkdtemp(made.data()) == nullptr) return not_ours(dir, std::strerror(errno));
  auto done = fill(made, files, mode).and_then([&] { return take_its_place(dir, made); });
  std::error_code ignored;
  if (!done) {
    fs::remove_all(made, ignored);
    return done;
  }
  fs::rename(made, dir.string() + ".of-root", ignored);  // where one is already, it keeps the name that it has
  return {};
}

}  // namespace aclk::claim
