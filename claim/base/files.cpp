// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "claim/base/c_own.h"

namespace aclk {
namespace fs = std::filesystem;
namespace {

tl::unexpected<Error> failed(const char *verb, const fs::path &file, int err) {
  const auto code = err == ENOENT ? Errc::not_found : err == EACCES || err == EPERM ? Errc::denied : Errc::io;
  return fail(code, fmt::format("cannot {} {}: {}", verb, file.string(), std::strerror(err)));
}

Result<void> write_all(int fd, std::string_view text, const fs::path &file) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("write", file, errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const fs::path &file, std::size_t max_bytes) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return failed("open", file, errno);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return failed("read", file, errno);
  if (!S_ISREG(st.st_mode)) return fail(Errc::io, fmt::format("cannot read {}: not a regular file", file.string()));
  std::string text;
  char buf[16384];
  for (;;) {
    const auto n = ::read(fd.get(), buf, sizeof buf);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read", file, errno);
    if (n == 0) return text;
    if (text.size() + static_cast<std::size_t>(n) > max_bytes)
      return fail(Errc::too_big, fmt::format("{} is larger than {} bytes", file.string(), max_bytes));
    text.append(buf, static_cast<std::size_t>(n));
  }
}

Result<void> write_file_atomically(const fs::path &file, std::string_view text, mode_t mode, gid_t group) {
  const auto dir = file.has_parent_path() ? file.parent_path() : fs::path(".");
  std::string tmp = file.string() + ".XXXXXX";
  Fd fd(::mkostemp(tmp.data(), O_CLOEXEC));  // made with mode 0600
  if (!fd) return failed("create a file beside", file, errno);
  const auto give_up = [&](tl::unexpected<Error> e) {
    ::unlink(tmp.c_str());
    return e;
  };
  // First the group: a change of it may take bits of the mode away.
  if (group != static_cast<gid_t>(-1) && ::fchown(fd.get(), static_cast<uid_t>(-1), group) != 0)
    return give_up(failed("set the group of", file, errno));
  if (::fchmod(fd.get(), mode) != 0) return give_up(failed("set the mode of", tmp, errno));
  if (auto r = write_all(fd.get(), text, tmp); !r) return give_up(tl::unexpected<Error>(r.error()));
  if (::fsync(fd.get()) != 0) return give_up(failed("write", tmp, errno));
  fd.reset();
  if (::rename(tmp.c_str(), file.c_str()) != 0) return give_up(failed("replace", file, errno));
  const Fd d(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!d || ::fsync(d.get()) != 0) return failed("sync the directory of", file, errno);
  return {};
}

}  // namespace aclk
