// SPDX-License-Identifier: GPL-3.0-or-later
//
// [cloud] conversation log = yes: each message as a line of JSON in a file (claim/README.md, "Settings in
// netdata.conf"), with rotation.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "claim/base/c_own.h"

namespace aclk::report {

// One thread. Writes with write(2), no buffer: what was said last before a crash is there.
class ConversationLog {
 public:
  static constexpr std::size_t kMaxBytes = 16U << 20;  // then FILE becomes FILE.1, which replaces the one before

  explicit ConversationLog(std::filesystem::path file, std::size_t max_bytes = kMaxBytes)
      : file_(std::move(file)), max_bytes_(max_bytes) {}

  // The file is opened with the first line, mode 0640, and again when it was moved or removed (logrotate). False when
  // the line could not be written: it is lost.
  bool write(std::string_view line);
  [[nodiscard]] const std::filesystem::path &file() const { return file_; }

 private:
  bool open();

  const std::filesystem::path file_;
  const std::size_t max_bytes_;
  Fd fd_;
  std::size_t bytes_ = 0;
};

}  // namespace aclk::report
