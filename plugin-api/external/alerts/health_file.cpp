// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/alerts/health_file.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "claim/base/files.h"
#include "claim/base/text.h"

namespace aclk::external {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxFile = 256U << 10;

// A line that ends in \ goes on with the next, unless it is a comment.
struct Line {
  std::uint32_t last = 0;  // number of its last part
  std::string text;
};

// Takes one off the text. `number`: of the lines taken so far.
Line next_line(std::string_view &text, std::uint32_t &number) {
  Line line;
  for (;;) {
    const auto end = text.find('\n');
    auto part = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    line.last = ++number;
    const bool comment = line.text.empty() && !part.empty() && part.front() == '#';
    const bool goes_on = !comment && !part.empty() && part.back() == '\\' && !text.empty();
    if (goes_on) part.remove_suffix(1);
    if (!line.text.empty()) line.text += ' ';
    line.text += trimmed(part);
    if (!goes_on) return line;
  }
}

// Of each run of white space one space.
std::string with_single_spaces(std::string_view s) {
  std::string out;
  for (const char c : trimmed(s)) {
    const bool space = kWhiteSpace.find(c) != std::string_view::npos;
    if (!space) out += c;
    if (space && out.back() != ' ') out += ' ';
  }
  return out;
}

bool is_head(std::string_view key) { return key == "alarm" || key == "template"; }

}  // namespace

HealthDirectories health_directories(const NetdataConf &conf, const Environment &env) {
  const auto place = [&](const char *key, const char *old_key, const fs::path &fallback) -> fs::path {
    if (auto set = conf.get("directories", key)) return *set;
    if (auto moved = conf.get("health", old_key)) return *moved;
    return fallback;
  };
  return {place("health config", "health configuration directory", env.user_config / "health.d"),
          place("stock health config", "stock health configuration directory", env.stock_config / "health.d")};
}

std::optional<HealthBlock> parse_health_block(std::string_view text, std::uint32_t line) {
  HealthBlock block;
  std::uint32_t number = 0;
  while (!text.empty() && (number < line || !block.empty())) {
    const auto l = next_line(text, number);
    if (block.empty() && l.last < line) continue;
    const auto colon = l.text.find(':');
    if (l.text.empty() || l.text.front() == '#' || colon == std::string::npos) {
      if (block.empty()) return std::nullopt;
      continue;
    }
    auto key = lower(with_single_spaces(std::string_view(l.text).substr(0, colon)));
    if (block.empty() && (l.last != line || !is_head(key))) return std::nullopt;
    if (!block.empty() && is_head(key)) break;  // the next definition
    auto value = with_single_spaces(std::string_view(l.text).substr(colon + 1));
    if (key == "info")
      std::replace_if(
          value.begin(), value.end(), [](char c) { return c == '"' || c == '\''; }, ' ');
    block.insert_or_assign(std::move(key), std::move(value));
  }
  return block.empty() ? std::nullopt : std::optional<HealthBlock>(std::move(block));
}

std::optional<HealthBlock> read_health_block(const AlertSource &source, const HealthDirectories &directories) {
  const fs::path file(source.file);
  if (!file.is_absolute() || file.extension() != ".conf" || source.line == 0) return std::nullopt;
  const auto parent = file.parent_path();
  // As written: the agent puts the name behind the directory, without its slashes at the end.
  const auto is_below = [&](const fs::path &d) {
    auto dir = d.native();
    while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
    return d.is_absolute() && source.file.starts_with(dir == "/" ? dir : dir + "/") &&
           source.file.find("/../", dir.size()) == std::string::npos;
  };
  if (std::none_of(directories.begin(), directories.end(), is_below) &&
      std::find(parent.begin(), parent.end(), "health.d") == parent.end())
    return std::nullopt;
  const auto text = read_file(file, kMaxFile);
  return text ? parse_health_block(*text, source.line) : std::nullopt;
}

}  // namespace aclk::external
