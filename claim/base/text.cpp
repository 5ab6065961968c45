// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/base/text.h"

#include <algorithm>

namespace aclk {
namespace {

constexpr char kDelete = 0x7f;

constexpr char lower_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool same_letter(char a, char b) { return lower_letter(a) == lower_letter(b); }

constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == kDelete; }

constexpr bool unreserved(char c) {
  return (c >= '0' && c <= '9') || (lower_letter(c) >= 'a' && lower_letter(c) <= 'z') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

void append_hex(std::string &out, char byte, std::string_view digits) {
  const auto b = static_cast<unsigned char>(byte);
  out += digits[b >> 4U];
  out += digits[b & 15U];
}

constexpr bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

// Of characters of more than one byte: does it do something instead of showing something?
bool acts(std::string_view character) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 2) return at(0) == 0xc2 && at(1) < 0xa0;  // C1: CSI and the like in one character
  if (character.size() != 3 || at(0) != 0xe2) return false;
  // U+2028 to U+202E: separators of lines and paragraphs, embedded directions; U+2066 to U+2069: isolated ones
  return (at(1) == 0x80 && at(2) >= 0xa8 && at(2) <= 0xae) || (at(1) == 0x81 && at(2) >= 0xa6 && at(2) <= 0xa9);
}

void append_shown(std::string &out, std::string_view text, std::string_view allowed) {
  while (!text.empty()) {
    auto n = utf8_length(text);
    if (n == 1 ? is_control(text.front()) && allowed.find(text.front()) == std::string_view::npos
               : acts(text.substr(0, n)))
      n = 0;
    out += n == 0 ? std::string_view("?") : text.substr(0, n);
    text.remove_prefix(std::max<std::size_t>(n, 1));
  }
}

std::string_view cut(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  const bool within = continues(text[max_bytes]);
  text = text.substr(0, max_bytes);
  if (!within) return text;
  while (!text.empty() && continues(text.back())) text.remove_suffix(1);
  if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0) text.remove_suffix(1);
  return text;
}

template <class OnBroken>
std::string percent_decoded(std::string_view text, OnBroken on_broken) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? percent_escape_at(text, i) : -1;
    if (text[i] == '%' && byte < 0) on_broken();
    out += byte < 0 ? text[i] : static_cast<char>(byte);
    if (byte >= 0) i += 2;
  }
  return out;
}

}  // namespace

std::string_view trimmed_start(std::string_view text, std::string_view space) {
  text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
  return text;
}

std::string_view trimmed_end(std::string_view text, std::string_view space) {
  return text.substr(0, text.find_last_not_of(space) + 1);  // npos + 1 is 0
}

std::string_view trimmed(std::string_view text, std::string_view space) {
  return trimmed_end(trimmed_start(text, space), space);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower_letter);
  return out;
}

bool iequals(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, same_letter); }

bool icontains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same_letter) != text.end() || part.empty();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower_letter(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) append_hex(out, c, "0123456789abcdef");
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (unreserved(c))
      out += c;
    else
      append_hex(out += '%', c, "0123456789ABCDEF");
  }
  return out;
}

int percent_escape_at(std::string_view text, std::size_t at) {
  if (text.size() - at < 3 || text[at] != '%') return -1;
  const int high = hex_digit(text[at + 1]);
  const int low = hex_digit(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::optional<std::string> percent_decode(std::string_view text) {
  bool whole = true;
  auto out = percent_decoded(text, [&] { whole = false; });
  if (!whole) return std::nullopt;
  return out;
}

std::string percent_decode_leniently(std::string_view text) {
  return percent_decoded(text, [] {});
}

bool has_control(std::string_view text) { return std::ranges::any_of(text, is_control); }

std::string one_line(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, is_control, ' ');
  return out;
}

std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned lowest = 0x80, unsigned highest = 0xbf) {
    return i < text.size() && at(i) >= lowest && at(i) <= highest;
  };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::string out;
  append_shown(out, cut(text, max_bytes), {});
  return out;
}

std::string excerpt(std::string_view text, std::size_t max_bytes) {
  return printable(text, max_bytes) + (text.size() > max_bytes ? "..." : "");
}

std::string terminal_text(std::string_view text) {
  std::string out;
  append_shown(out, text, "\n\t");
  return out;
}

std::string html_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace aclk
