// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/alerts/alert_text.h"

#include <fmt/format.h>
#include <netdata-aclk/plugin.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <utility>

#include "claim/base/files.h"
#include "claim/base/text.h"
#include "claim/base/uuid.h"

namespace aclk::external {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::pair<std::string_view, char>, 8> kEntities{{{"&gt;", '>'},
                                                                      {"&lt;", '<'},
                                                                      {"&amp;", '&'},
                                                                      {"&#x2F;", '/'},
                                                                      {"&#x2f;", '/'},
                                                                      {"&quot;", '"'},
                                                                      {"&#39;", '\''},
                                                                      {"&#x27;", '\''}}};

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 6> kStatuses{{{"REMOVED", NACLK_ALERT_REMOVED},
                                                                               {"UNDEFINED", NACLK_ALERT_NOT_A_NUMBER},
                                                                               {"UNINITIALIZED", NACLK_ALERT_UNKNOWN},
                                                                               {"CLEAR", NACLK_ALERT_CLEAR},
                                                                               {"WARNING", NACLK_ALERT_WARNING},
                                                                               {"CRITICAL", NACLK_ALERT_CRITICAL}}};

std::uint32_t parse_line(std::string_view text) {
  std::uint32_t line = 0;
  std::from_chars(text.data(), text.data() + text.size(), line);
  return line;
}

// The directory of an agent's health configuration, unless it is told another.
constexpr std::string_view kHealth = "/health.d/";

constexpr std::size_t kMaxFile = 256U << 10;

// A line that ends in \ goes on with the next, unless it is a comment.
struct HealthLine {
  std::uint32_t last = 0;  // number of its last part
  std::string text;
};

// Takes one off the text. `number`: of the lines taken so far.
HealthLine next_line(std::string_view &text, std::uint32_t &number) {
  HealthLine line;
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

std::string html_unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto *const e =
        text.front() != '&' ? kEntities.end() : std::find_if(kEntities.begin(), kEntities.end(), [&](const auto &x) {
          return text.substr(0, x.first.size()) == x.first;
        });
    if (e == kEntities.end()) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += e->second;
      text.remove_prefix(e->first.size());
    }
  }
  return out;
}

std::uint32_t alert_status(std::string_view word) {
  const auto *const s =
      std::find_if(kStatuses.begin(), kStatuses.end(), [&](const auto &x) { return x.first == word; });
  return s == kStatuses.end() ? std::uint32_t{NACLK_ALERT_UNKNOWN} : s->second;
}

std::string agents_uuid(std::string_view text) {
  constexpr std::string_view kNone = "00000000-0000-0000-0000-000000000000";
  auto uuid = parse_uuid(text).value_or("");
  return uuid == kNone ? std::string() : uuid;
}

AlertSource parse_source(std::string_view text) {
  AlertSource s;
  if (text.substr(0, 5) == "line=") {
    s.line = parse_line(text.substr(5));
    if (const auto file = text.find(",file="); file != std::string_view::npos) s.file = text.substr(file + 6);
  } else if (const auto at = text.find('@'); at != std::string_view::npos) {
    s.line = parse_line(text.substr(0, at));
    s.file = text.substr(at + 1);
  }
  return s;
}

std::string AlertSource::conf_source() const {
  return file.empty() ? std::string() : fmt::format("line={},file={}", line, file);
}

std::string edit_command(const AlertSource &source, std::string_view config_dir, std::string_view hostname) {
  const std::string_view file = source.file;
  if (file.empty()) return {};
  std::string_view name;  // as edit-config takes it: below the agent's configuration directory
  if (const auto at = file.rfind(kHealth); at != std::string_view::npos)
    name = file.substr(at + 1);
  else if (!config_dir.empty() && file.starts_with(config_dir) && file.substr(config_dir.size()).starts_with('/'))
    name = file.substr(config_dir.size() + 1);
  if (name.empty()) return fmt::format("sudo vi +{} {}", source.line, file);
  return fmt::format("sudo {}/edit-config {}={}={}", config_dir, name, source.line, hostname);
}

std::string agents_edit_command(std::string told, const AlertSource &source, std::string_view hostname) {
  constexpr std::string_view kSudo = "sudo ";
  const auto end = told.find("/edit-config health.d/");
  if (end == std::string::npos || !told.starts_with(kSudo) || source.file.empty() ||
      source.file.find(kHealth) != std::string::npos)
    return told;
  return edit_command(source, std::string_view(told).substr(kSudo.size(), end - kSudo.size()), hostname);
}

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
