// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/ini.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace aclk::claim {
namespace {

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::string_view trimmed(std::string_view t) {
  while (!t.empty() && is_blank(t.front())) t.remove_prefix(1);
  while (!t.empty() && is_blank(t.back())) t.remove_suffix(1);
  return t;
}

void visit_ini(std::string_view text, const IniVisitor &visit) {
  std::string_view section;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') {
      if (const auto close = line.find(']'); close != std::string_view::npos)
        section = trimmed(line.substr(1, close - 1));
      continue;
    }
    const auto eq = line.find('=');
    if (eq == std::string_view::npos) continue;
    if (const auto key = trimmed(line.substr(0, eq)); !key.empty()) visit(section, key, trimmed(line.substr(eq + 1)));
  }
}

std::optional<std::string> ini_value(std::string_view text, std::string_view section, std::string_view key) {
  std::string found;
  visit_ini(text, [&](std::string_view s, std::string_view k, std::string_view v) {
    if (s == section && k == key) found = v;
  });
  if (found.empty()) return std::nullopt;
  return found;
}

std::optional<bool> ini_bool(std::string_view value) {
  static constexpr std::array<std::string_view, 4> kOff{"no", "false", "off", "0"};
  static constexpr std::array<std::string_view, 4> kOn{"yes", "true", "on", "1"};
  const auto is_value = [&](std::string_view word) { return same_word(word, value); };
  if (std::any_of(kOff.begin(), kOff.end(), is_value)) return false;
  if (std::any_of(kOn.begin(), kOn.end(), is_value)) return true;
  return std::nullopt;
}

}  // namespace aclk::claim
