// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/file_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "claim/base/files.h"
#include "claim/base/hash.h"

namespace aclk::claim {
namespace {

constexpr std::size_t kMaxWatchedFile = 1U << 20;
constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

// A mounted ConfigMap or Secret is changed by renaming a link of this name: its files are links through it.
constexpr std::string_view kKubernetesLink = "..data";

bool dir_exists(const std::filesystem::path &p) {
  struct stat st {};
  return ::stat(p.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

}  // namespace

std::uint64_t identity_print(const std::filesystem::path &cloud_dir, const std::optional<Limit> &netdata_conf,
                             std::string_view settings) {
  Hash h;
  for (const auto name : kIdentityFiles) {
    const auto text = read_file(cloud_dir / name, kMaxWatchedFile);
    h.add(text ? 1U : 0U);
    if (text)
      h.add(*text);
    else
      h.add(static_cast<std::uint64_t>(text.error().code));
  }
  if (netdata_conf) h.add(netdata_conf->why);
  h.add(settings);
  return h.value();
}

FileWatch::FileWatch(std::filesystem::path dir, std::span<const std::string_view> names)
    : dir_(std::move(dir)), names_(names), inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  watch();
}

void FileWatch::watch() {
  if (!inotify_) return;
  auto dir = dir_;
  while (!dir_exists(dir) && dir.has_parent_path() && dir != dir.parent_path()) dir = dir.parent_path();
  // Adding again what is watched gives the same descriptor. It also finds a directory that was replaced by another
  // one of its name.
  const int descriptor = ::inotify_add_watch(inotify_.get(), dir.c_str(), kEvents | IN_ONLYDIR);
  if (descriptor_ >= 0 && descriptor != descriptor_) ::inotify_rm_watch(inotify_.get(), descriptor_);
  descriptor_ = descriptor;
  watched_ = dir;
}

bool FileWatch::take() {
  const bool in_place = watched_ == dir_;
  bool look = false;
  bool rearm = false;
  alignas(inotify_event) std::array<char, 4096> buf{};
  for (;;) {
    const auto n = ::read(inotify_.get(), buf.data(), buf.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    for (std::size_t i = 0; i + sizeof(inotify_event) <= static_cast<std::size_t>(n);) {
      inotify_event e{};
      std::memcpy(&e, buf.data() + i, sizeof e);
      const std::string_view name = e.len == 0 ? std::string_view{} : std::string_view(buf.data() + i + sizeof e);
      i += sizeof e + e.len;
      if ((e.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_Q_OVERFLOW | IN_UNMOUNT)) != 0) {
        if (e.wd != descriptor_ && (e.mask & IN_Q_OVERFLOW) == 0) continue;  // the echo of a watch taken back
        rearm = true;
      } else if (in_place) {
        look |= name == kKubernetesLink || std::find(names_.begin(), names_.end(), name) != names_.end();
      } else {
        rearm = true;  // something came or went above it
      }
    }
  }
  if (rearm) {
    watch();
    look = true;
  }
  return look;
}

}  // namespace aclk::claim
