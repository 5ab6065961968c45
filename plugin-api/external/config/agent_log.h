// SPDX-License-Identifier: GPL-3.0-or-later
//
// Log lines in the agent's own format (aclk/report/README.md, "Log lines"): the agent gives a plugin its error.log
// (1.x) or its collector log (2.x) as stderr and adds nothing to what is written there. Every daemon line holds
// "ACLK:", which is what the documents have people look for.
#pragma once

#include <netdata-aclk/plugin.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

#include "claim/base/c_own.h"

namespace aclk::external {

// For people: where these lines are. Agents since 1.39 keep those of plugins apart.
inline constexpr std::string_view kPluginLog = "error.log or collector.log (in a container: its output)";

enum class LogStyle : std::uint8_t {
  classic,  // 1.x: 2026-11-21 02:00:00: aclk.plugin INFO  : MAIN : ACLK: text
  logfmt,   // 2.x: time=2026-11-21T02:00:00.123+00:00 comm=aclk.plugin source=collector level=info msg="ACLK: text"
};

// One line with its line feed. Control characters in the text become spaces.
[[nodiscard]] std::string format_log_line(LogStyle style, naclk_log_source source, naclk_log_level level,
                                          std::chrono::system_clock::time_point now, std::string_view text);

// Thread: any. A line is one write(2): lines of several writers do not mix.
class AgentLog {
 public:
  struct Options {
    LogStyle style = LogStyle::classic;
    std::filesystem::path dir;  // where access.log and debug.log are; empty = all goes to stderr
    bool debug = false;         // lines of level debug are wanted, but for those of access.log
    int stderr_fd = 2;
  };
  explicit AgentLog(Options options);

  [[nodiscard]] bool wants_debug() const { return options_.debug; }
  // Lines of the daemon go to stderr. When that is an ordinary file, as of an agent that logs into files, it is opened
  // anew after it was renamed (log rotation): for all of this process, and for those that it starts.
  // access and trace lines are appended to access.log and debug.log if the agent keeps these as ordinary files that
  // can be written, else they go to stderr. A file that was renamed (log rotation) is opened anew. A line that cannot
  // be written is lost.
  void line(naclk_log_source source, naclk_log_level level, std::string_view text);

  // What line() does first; for whoever is to start a process.
  void follow_rotation();

  void info(std::string_view text) { line(NACLK_LOG_DAEMON, NACLK_LOG_INFO, text); }
  void warning(std::string_view text) { line(NACLK_LOG_DAEMON, NACLK_LOG_WARNING, text); }
  void error(std::string_view text) { line(NACLK_LOG_DAEMON, NACLK_LOG_ERROR, text); }

 private:
  class File {
   public:
    explicit File(std::filesystem::path path) : path_(std::move(path)) {}
    [[nodiscard]] int fd();  // -1 = not there

   private:
    std::filesystem::path path_;
    Fd fd_;
    ino_t inode_ = 0;  // what is open
    dev_t device_ = 0;
  };

  const Options options_;
  const std::filesystem::path stderr_path_;  // empty = no ordinary file, or one without a name
  std::mutex mutex_;                         // for the files
  File access_;
  File debug_;
};

}  // namespace aclk::external
