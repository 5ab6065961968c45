// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/report/conversation_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

namespace aclk::report {
namespace {

constexpr mode_t kMode = 0640;  // as the agent's logs

bool same_file(int fd, const std::filesystem::path &path) {
  struct stat open {};
  struct stat there {};
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &there) == 0 && open.st_dev == there.st_dev &&
         open.st_ino == there.st_ino;
}

}  // namespace

bool ConversationLog::open() {
  fd_.reset(::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kMode));
  struct stat st {};
  // A pipe or a device has no place here: it could make the link wait.
  if (!fd_ || ::fstat(fd_.get(), &st) != 0 || !S_ISREG(st.st_mode)) {
    fd_.reset();
    return false;
  }
  bytes_ = static_cast<std::size_t>(st.st_size);
  return true;
}

bool ConversationLog::write(std::string_view line) {
  if (fd_ && !same_file(fd_.get(), file_)) fd_.reset();
  if (!fd_ && !open()) return false;
  if (bytes_ > 0 && bytes_ + line.size() > max_bytes_) {
    auto old = file_;
    old += ".1";
    std::error_code failed;
    std::filesystem::rename(file_, old, failed);
    if (failed || !open()) return false;
  }
  const auto n = ::write(fd_.get(), line.data(), line.size());
  if (n > 0) bytes_ += static_cast<std::size_t>(n);
  return n == static_cast<ssize_t>(line.size());
}

}  // namespace aclk::report
