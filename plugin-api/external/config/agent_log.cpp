// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/config/agent_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

#include "claim/base/text.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxText = 8U << 10;

std::string strftime_local(const char *format, std::time_t t) {
  std::tm tm{};
  localtime_r(&t, &tm);
  std::array<char, 64> buf{};
  return {buf.data(), std::strftime(buf.data(), buf.size(), format, &tm)};
}

std::string_view classic_level(naclk_log_level level) {
  switch (level) {
    case NACLK_LOG_DEBUG:
      return "DEBUG";
    case NACLK_LOG_INFO:
      return "INFO ";
    case NACLK_LOG_NOTICE:
      return "NOTIC";  // five characters, as the agent cuts its own
    case NACLK_LOG_WARNING:
      return "WARN ";
    default:
      return "ERROR";
  }
}

std::string_view logfmt_level(naclk_log_level level) {
  switch (level) {
    case NACLK_LOG_DEBUG:
      return "debug";
    case NACLK_LOG_INFO:
      return "info";
    case NACLK_LOG_NOTICE:
      return "notice";
    case NACLK_LOG_WARNING:
      return "warning";
    default:
      return "error";
  }
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string iso_time(std::chrono::system_clock::time_point now) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const auto t = static_cast<std::time_t>(ms / 1000);
  auto zone = strftime_local("%z", t);  // +0000
  if (zone.size() == 5) zone.insert(3, 1, ':');
  return fmt::format("{}.{:03}{}", strftime_local("%Y-%m-%dT%H:%M:%S", t), ms % 1000, zone);
}

// The name of the ordinary file that is open there, if it has one.
std::filesystem::path name_of(int fd) {
  std::error_code e;
  auto name = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), e);
  struct stat open {};
  struct stat there {};
  if (e || ::fstat(fd, &open) != 0 || !S_ISREG(open.st_mode) || ::stat(name.c_str(), &there) != 0 ||
      open.st_ino != there.st_ino || open.st_dev != there.st_dev)
    return {};
  return name;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

std::string format_log_line(LogStyle style, naclk_log_source source, naclk_log_level level,
                            std::chrono::system_clock::time_point now, std::string_view text) {
  auto line = one_line(text.substr(0, kMaxText));
  // The texts of the access log are promised by the documents as they are ("ACLK CONNECTED").
  const auto *const mark = source == NACLK_LOG_DAEMON ? "ACLK:" : "ACLK";
  if (line.find(mark) == std::string::npos) line.insert(0, "ACLK: ");
  if (style == LogStyle::logfmt)
    return fmt::format("time={} comm=aclk.plugin source={} level={} msg={}\n", iso_time(now),
                       source == NACLK_LOG_ACCESS ? "access" : "collector", logfmt_level(level), in_quotes(line));
  const auto time = strftime_local("%Y-%m-%d %H:%M:%S", std::chrono::system_clock::to_time_t(now));
  if (source != NACLK_LOG_DAEMON) return fmt::format("{}: {}\n", time, line);
  return fmt::format("{}: aclk.plugin {} : MAIN : {}\n", time, classic_level(level), line);
}

int AgentLog::File::fd() {
  struct stat there {};
  if (::stat(path_.c_str(), &there) != 0 || !S_ISREG(there.st_mode)) {
    fd_.reset();
    return -1;
  }
  if (fd_ && inode_ == there.st_ino && device_ == there.st_dev) return fd_.get();
  fd_.reset(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY));
  if (struct stat open{}; fd_ && ::fstat(fd_.get(), &open) == 0) {
    inode_ = open.st_ino;
    device_ = open.st_dev;
  }
  return fd_.get();
}

AgentLog::AgentLog(Options options)
    : options_(std::move(options)),
      stderr_path_(name_of(options_.stderr_fd)),
      access_(options_.dir / "access.log"),
      debug_(options_.dir / "debug.log") {}

// The agent is told of a rotation, and its plugins are not; they have its stderr of before.
void AgentLog::follow_rotation() {
  struct stat there {};
  struct stat open {};
  if (stderr_path_.empty() || ::stat(stderr_path_.c_str(), &there) != 0 || !S_ISREG(there.st_mode) ||
      ::fstat(options_.stderr_fd, &open) != 0 || (open.st_ino == there.st_ino && open.st_dev == there.st_dev))
    return;
  const Fd fresh(::open(stderr_path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY));
  if (fresh) (void)::dup2(fresh.get(), options_.stderr_fd);
}

void AgentLog::line(naclk_log_source source, naclk_log_level level, std::string_view text) {
  if (source != NACLK_LOG_ACCESS && level == NACLK_LOG_DEBUG && !options_.debug) return;
  const auto now = std::chrono::system_clock::now();
  if (source != NACLK_LOG_DAEMON && !options_.dir.empty()) {
    const std::lock_guard lock(mutex_);
    const int fd = source == NACLK_LOG_ACCESS ? access_.fd() : debug_.fd();
    if (fd >= 0) return write_all(fd, format_log_line(options_.style, source, level, now, text));
  }
  follow_rotation();
  write_all(options_.stderr_fd, format_log_line(options_.style, NACLK_LOG_DAEMON, level, now, text));
}

}  // namespace aclk::external
