// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/own_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "claim/base/hash.h"

namespace aclk::external {
namespace fs = std::filesystem;
namespace {

constexpr const char *kRunning = "/proc/self/exe";
constexpr std::string_view kDeleted =
    " (deleted)";  // what the kernel adds to the name of a file that has none any more

std::uint64_t nanoseconds(const timespec &t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(t.tv_nsec);
}

}  // namespace

std::optional<OwnFile> OwnFile::find(const char *program) {
  const std::string_view name = program == nullptr ? "" : program;
  if (name.find('/') == std::string_view::npos) return std::nullopt;
  struct stat own {};
  std::error_code ec;
  auto running = fs::read_symlink(kRunning, ec).native();
  if (ec || ::stat(kRunning, &own) != 0) return std::nullopt;
  if (running.ends_with(kDeleted)) running.resize(running.size() - kDeleted.size());
  auto path = fs::absolute(name, ec);
  if (ec) return std::nullopt;
  struct stat there {};
  const bool same = ::stat(path.c_str(), &there) == 0 && there.st_dev == own.st_dev && there.st_ino == own.st_ino;
  // It may have been replaced since it was started.
  if (!same && fs::weakly_canonical(path, ec) != running) return std::nullopt;
  return OwnFile(std::move(path), own.st_dev, own.st_ino);
}

fs::path OwnFile::real_path() const {
  std::error_code ec;
  auto real = fs::weakly_canonical(path_, ec);
  return ec ? path_ : real;
}

FileSeen OwnFile::look() const {
  struct stat st {};
  if (::stat(path_.c_str(), &st) != 0)
    return {errno == ENOENT || errno == ENOTDIR ? FileSeen::Kind::missing : FileSeen::Kind::unknown, 0};
  if (st.st_dev == device_ && st.st_ino == inode_) return {FileSeen::Kind::own, 0};
  Hash h;
  for (const auto part : {static_cast<std::uint64_t>(st.st_dev), static_cast<std::uint64_t>(st.st_ino),
                          static_cast<std::uint64_t>(st.st_size), nanoseconds(st.st_mtim), nanoseconds(st.st_ctim)})
    h.add(part);
  return {FileSeen::Kind::other, h.value()};
}

}  // namespace aclk::external
