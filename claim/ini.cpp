// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/ini.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "claim/base/text.h"

namespace aclk::claim {
namespace {

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N> &words, std::string_view value) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return iequals(word, value); });
}

}  // namespace

void visit_ini_lines(std::string_view text, const std::function<void(const IniLine &)> &visit) {
  IniLine now;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line = trimmed(line.substr(0, line.find('\0')));
    ++now.number;
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[' && line.back() == ']') {
      now.in_section = true;
      now.section = line.substr(1, line.size() - 2);
      continue;
    }
    now.text = line;
    const auto eq = line.find('=');
    now.key = eq == std::string_view::npos ? std::string_view{} : trimmed(line.substr(0, eq));
    now.value = eq == std::string_view::npos ? std::string_view{} : trimmed(line.substr(eq + 1));
    visit(now);
  }
}

void visit_ini(std::string_view text, const IniVisitor &visit) {
  visit_ini_lines(text, [&](const IniLine &line) {
    if (line.understood()) visit(line.section, line.key, line.value);
  });
}

std::optional<std::string> ini_value(std::string_view text, std::string_view section, std::string_view key) {
  std::string found;
  visit_ini(text, [&](std::string_view s, std::string_view k, std::string_view v) {
    if (s == section && k == key) found = v;
  });
  if (found.empty()) return std::nullopt;
  return found;
}

std::string_view unquoted(std::string_view text) {
  text = trimmed(text);
  if (text.size() < 2 || text.front() != text.back() || (text.front() != '"' && text.front() != '\'')) return text;
  return trimmed(text.substr(1, text.size() - 2));
}

bool ini_yes(std::string_view value) {
  return is_one_of(std::array<std::string_view, 5>{"yes", "true", "on", "auto", "on demand"}, value);
}

bool ini_clear_no(std::string_view value) {
  return is_one_of(std::array<std::string_view, 4>{"no", "false", "off", "0"}, value);
}

bool ini_clear_yes(std::string_view value) {
  return is_one_of(std::array<std::string_view, 3>{"yes", "true", "on"}, value);
}

}  // namespace aclk::claim
