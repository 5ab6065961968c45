// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the agent writes to a plugin's stdin (plugin-api/external/README.md, "Text protocol"): calls of functions, of
// which this plugin offers none, and on 2.x the word QUIT. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aclk::external {

class PluginsdInput {
 public:
  // Bytes as they came. True: a line said QUIT. The body of a FUNCTION_PAYLOAD is skipped up to its END; lines above
  // 16 KiB are skipped too.
  [[nodiscard]] bool feed(std::string_view bytes) {
    bool quit = false;
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      const auto part = bytes.substr(0, end);
      if (partial_.size() + part.size() > kMaxLine) overlong_ = true;
      if (!overlong_) partial_ += part;
      if (end == std::string_view::npos) break;
      bytes.remove_prefix(end + 1);
      if (!overlong_) quit |= line(partial_);
      overlong_ = false;
      partial_.clear();
    }
    return quit;
  }

 private:
  static constexpr std::size_t kMaxLine = 16U << 10;

  static std::string_view first_word(std::string_view line) {
    constexpr std::string_view kSpace = " \t\r=";
    const auto first = line.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    line.remove_prefix(first);
    return line.substr(0, line.find_first_of(kSpace));
  }

  [[nodiscard]] bool line(std::string_view line) {
    const auto word = first_word(line);
    if (in_payload_) {
      in_payload_ = word != "FUNCTION_PAYLOAD_END";
      return false;
    }
    in_payload_ = word == "FUNCTION_PAYLOAD";
    return word == "QUIT";
  }

  std::string partial_;
  bool overlong_ = false;
  bool in_payload_ = false;
};

}  // namespace aclk::external
