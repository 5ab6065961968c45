// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/health_file.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "claim/base/files.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxFile = 256U << 10;

std::string_view trim(std::string_view s) {
  constexpr std::string_view kSpace = " \t\r";
  const auto first = s.find_first_not_of(kSpace);
  return first == std::string_view::npos ? std::string_view{} : s.substr(first, s.find_last_not_of(kSpace) - first + 1);
}

std::string lower(std::string_view s) {
  std::string out(s);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

// Takes one line off the text; a line that ends in \ goes on with the next.
std::string next_line(std::string_view &text) {
  std::string line;
  for (;;) {
    const auto end = text.find('\n');
    auto part = trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const bool goes_on = !part.empty() && part.back() == '\\' && !text.empty();
    if (goes_on) part.remove_suffix(1);
    if (!line.empty()) line += ' ';
    line += trim(part);
    if (!goes_on) return line;
  }
}

bool is_head(std::string_view key) { return key == "alarm" || key == "template"; }

}  // namespace

std::optional<HealthBlock> parse_health_block(std::string_view text, std::uint32_t line) {
  for (std::uint32_t n = 1; n < line; ++n) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  HealthBlock block;
  while (!text.empty()) {
    const auto l = next_line(text);
    const auto colon = l.find(':');
    if (l.empty() || l.front() == '#' || colon == std::string::npos) {
      if (block.empty()) return std::nullopt;
      continue;
    }
    auto key = lower(trim(std::string_view(l).substr(0, colon)));
    if (block.empty() != is_head(key)) {
      if (block.empty()) return std::nullopt;
      break;  // the next definition
    }
    block.emplace(std::move(key), trim(std::string_view(l).substr(colon + 1)));
  }
  return block.empty() ? std::nullopt : std::optional<HealthBlock>(std::move(block));
}

std::optional<HealthBlock> read_health_block(const AlertSource &source) {
  const std::filesystem::path file(source.file);
  if (!file.is_absolute() || file.extension() != ".conf" || source.line == 0) return std::nullopt;
  const auto parent = file.parent_path();
  if (std::find(parent.begin(), parent.end(), "health.d") == parent.end()) return std::nullopt;
  const auto text = read_file(file, kMaxFile);
  return text ? parse_health_block(*text, source.line) : std::nullopt;
}

}  // namespace aclk::external
