// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/terminal_text.h"

#include <algorithm>

namespace aclk::cli {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

// The length of a character of two or more bytes at the start of the text; 0: there is none that may be shown.
std::size_t long_character(std::string_view t) {
  const auto first = static_cast<unsigned char>(t.front());
  const std::size_t n = first >= 0xc2 && first < 0xe0   ? 2
                        : first >= 0xe0 && first < 0xf0 ? 3
                        : first >= 0xf0 && first < 0xf5 ? 4
                                                        : 0;
  if (n == 0 || t.size() < n || !std::ranges::all_of(t.substr(1, n - 1), continues)) return 0;
  const bool control = first == 0xc2 && static_cast<unsigned char>(t[1]) < 0xa0;  // CSI and the like in one character
  return control ? 0 : n;
}

}  // namespace

std::string terminal_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    const bool plain = (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t';
    const auto n = plain ? 1 : long_character(text);
    out += n == 0 ? std::string_view("?") : text.substr(0, n);
    text.remove_prefix(std::max<std::size_t>(n, 1));
  }
  return out;
}

}  // namespace aclk::cli
