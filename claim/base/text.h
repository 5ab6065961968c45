// SPDX-License-Identifier: GPL-3.0-or-later
//
// Small tools for text. All of them are total: any bytes in, no exception but bad_alloc out. Letters are those of ASCII
// and white space is that of the C locale, whatever the locale of the process is.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace aclk {

inline constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";
inline constexpr std::string_view kBlanks = " \t";  // what HTTP allows around a value (RFC 9110 5.6.3)

// Without the characters of `space` at both ends, at the start, at the end.
[[nodiscard]] std::string_view trimmed(std::string_view text, std::string_view space = kWhiteSpace);
[[nodiscard]] std::string_view trimmed_start(std::string_view text, std::string_view space = kWhiteSpace);
[[nodiscard]] std::string_view trimmed_end(std::string_view text, std::string_view space = kWhiteSpace);

[[nodiscard]] std::string lower(std::string_view text);
// Whatever the case of letters: header names, words in settings.
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);
[[nodiscard]] bool icontains(std::string_view text, std::string_view part);

// 0 to 15; -1: it is none, of either case.
[[nodiscard]] int hex_digit(char c);
// Two digits for each byte, in lower case.
[[nodiscard]] std::string hex(std::string_view bytes);

// Everything but RFC 3986 unreserved characters becomes %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);
// The byte of the escape that begins at text[at], at < text.size(); -1: there is no whole one.
[[nodiscard]] int percent_escape_at(std::string_view text, std::size_t at);
// %XX decoded once, '+' untouched. nullopt: a '%' without two hex digits behind it.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
// The same, but such a '%' stands for itself.
[[nodiscard]] std::string percent_decode_leniently(std::string_view text);

// Are there control characters (C0, DEL)?
[[nodiscard]] bool has_control(std::string_view text);
// Each of them a space: a value that cannot end the line it is written to. Other bytes stay as they are.
[[nodiscard]] std::string one_line(std::string_view text);

// Bytes of the UTF-8 sequence (RFC 3629) at the start of text, which is not empty; 0 if it is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

// Somebody else's text, fit for a log or a sentence: '?' for each byte of a control character (C0, DEL, C1: what a
// terminal obeys), of a character that turns the direction of writing or breaks a line, and of what is no UTF-8. At
// most max_bytes of it, no character cut in two.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes = 200);
// The same, with "..." behind it when something was cut.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t max_bytes = 200);
// The same for many lines, whole: line feeds and tabs stay. Root's terminal is not at the command of who wrote them.
[[nodiscard]] std::string terminal_text(std::string_view text);

// & < > " ' as entities.
[[nodiscard]] std::string html_escape(std::string_view text);

}  // namespace aclk
