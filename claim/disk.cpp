// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "claim/base/c_own.h"
#include "claim/base/files.h"
#include "claim/base/uuid.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

tl::unexpected<Error> failed(const char *verb, const fs::path &file, int err) {
  const auto code = err == EACCES || err == EPERM ? Errc::denied : Errc::io;
  return fail(code, fmt::format("cannot {} {}: {}", verb, file.string(), std::strerror(err)));
}

class RealDisk final : public Disk {
 public:
  Result<fs::path> stage(const fs::path &file, std::string_view text, mode_t mode) override {
    const auto name = fmt::format("{}{}.{}", kStagedPrefix, file.filename().string(), random_uuid().substr(0, 8));
    auto staged = file.parent_path() / name;
    return write_file_atomically(staged, text, mode).map([&] { return staged; });
  }

  Result<void> put_in_place(const fs::path &staged, const fs::path &file) override {
    if (::rename(staged.c_str(), file.c_str()) != 0) return failed("replace", file, errno);
    return {};
  }

  Result<void> remove(const fs::path &file) override {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return failed("remove", file, errno);
    return {};
  }

  Result<void> sync(const fs::path &dir) override {
    const Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return failed("sync the directory", dir, errno);
    return {};
  }
};

}  // namespace

std::unique_ptr<Disk> real_disk() { return std::make_unique<RealDisk>(); }

}  // namespace aclk::claim
