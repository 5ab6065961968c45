// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/identity_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "claim/base/c_own.h"
#include "claim/base/files.h"
#include "claim/base/uuid.h"
#include "claim/cloud_dir.h"

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
namespace fs = std::filesystem;
namespace {

// Staged files that have not reached their places are removed again, whatever the way out.
class Staging {
 public:
  Staging(Disk &disk, fs::path dir) : disk_(disk), dir_(std::move(dir)) {}
  Staging(const Staging &) = delete;
  Staging &operator=(const Staging &) = delete;
  ~Staging() {
    for (const auto &s : staged_)
      if (!s.empty()) (void)disk_.remove(s);  // the next run removes what is left now
  }

  Result<std::size_t> add(const char *name, std::string_view text, mode_t mode) {
    return disk_.stage(dir_ / name, text, mode).map([&](const fs::path &p) {
      staged_.push_back(p);
      return staged_.size() - 1;
    });
  }
  Result<void> put_in_place(std::size_t which, const char *name) {
    return disk_.put_in_place(staged_[which], dir_ / name).map([&] { staged_[which].clear(); });
  }

 private:
  Disk &disk_;
  fs::path dir_;
  std::vector<fs::path> staged_;
};

}  // namespace

Result<void> write_identity(Disk &disk, const fs::path &dir, const NewIdentity &id,
                            const std::optional<CloudConf> &in_force) {
  Staging files(disk, dir);
  ACLK_TRY(const auto private_pem, files.add("private.pem", id.private_pem, kPrivateKeyMode));
  ACLK_TRY(const auto public_pem, files.add("public.pem", id.public_pem, kCloudFileMode));
  ACLK_TRY(const auto conf, files.add("cloud.conf", format_cloud_conf(id.conf), kCloudFileMode));
  ACLK_TRY(const auto claimed_id, files.add("claimed_id", id.conf.claimed_id, kCloudFileMode));

  if (in_force) {
    auto without = *in_force;
    without.claimed_id.clear();
    ACLK_TRY(const auto withdrawn, files.add("cloud.conf", format_cloud_conf(without), kCloudFileMode));
    ACLK_CHECK(files.put_in_place(withdrawn, "cloud.conf"));
  }
  // Also when not claimed: a text that is no UUID may lie there.
  ACLK_CHECK(disk.remove(dir / "claimed_id"));
  ACLK_CHECK(disk.sync(dir));

  ACLK_CHECK(files.put_in_place(private_pem, "private.pem"));
  ACLK_CHECK(files.put_in_place(public_pem, "public.pem"));
  ACLK_CHECK(disk.sync(dir));

  ACLK_CHECK(files.put_in_place(conf, "cloud.conf"));
  ACLK_CHECK(disk.sync(dir));

  ACLK_CHECK(files.put_in_place(claimed_id, "claimed_id"));
  return disk.sync(dir);
}

Result<void> write_claimed_id(Disk &disk, const fs::path &dir, const std::string &claim_id) {
  Staging files(disk, dir);
  ACLK_TRY(const auto staged, files.add("claimed_id", claim_id, kCloudFileMode));
  ACLK_CHECK(files.put_in_place(staged, "claimed_id"));
  return disk.sync(dir);
}

}  // namespace aclk::claim
