// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/cloud_dir_permissions.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "claim/base/c_own.h"
#include "claim/base/files.h"
#include "claim/cloud_dir.h"
#include "claim/key.h"
#include "claim/path_owner.h"

namespace aclk::claim {
namespace fs = std::filesystem;
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

}  // namespace aclk::claim
