// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/roots_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
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

#include "claim/base/files.h"
#include "claim/cloud_dir.h"
#include "claim/path_owner.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

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
