// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/plugins_d_input.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxInputLine = 16U << 10;

std::string_view first_word(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r=";
  const auto first = line.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  line.remove_prefix(first);
  return line.substr(0, line.find_first_of(kSpace));
}

}  // namespace

bool PluginsdInput::feed(std::string_view bytes) {
  bool quit = false;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    if (partial_.size() + part.size() > kMaxInputLine) overlong_ = true;
    if (!overlong_) partial_ += part;
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    if (!overlong_) quit |= line(partial_);
    overlong_ = false;
    partial_.clear();
  }
  return quit;
}

bool PluginsdInput::line(std::string_view line) {
  const auto word = first_word(line);
  if (in_payload_) {
    in_payload_ = word != "FUNCTION_PAYLOAD_END";
    return false;
  }
  in_payload_ = word == "FUNCTION_PAYLOAD";
  return word == "QUIT";
}

}  // namespace aclk::external
