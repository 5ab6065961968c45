// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/lenient_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace aclk::external {
namespace {

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Does the value end here? True for what follows the closing quote of a line's value: blanks, a comma, a line end.
bool line_ends(std::string_view rest) {
  std::size_t i = 0;
  while (i < rest.size() && (rest[i] == ' ' || rest[i] == '\t')) ++i;
  if (i < rest.size() && rest[i] == ',') ++i;
  while (i < rest.size() && (rest[i] == ' ' || rest[i] == '\t' || rest[i] == '\r')) ++i;
  return i < rest.size() && rest[i] == '\n';
}

// Length of the UTF-8 sequence at the start of s, 0 if it is none.
std::size_t utf8_length(std::string_view s) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const auto follows = [&](std::size_t i, unsigned lowest = 0x80, unsigned highest = 0xbf) {
    return i < s.size() && at(i) >= lowest && at(i) <= highest;
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

class Repair {
 public:
  explicit Repair(std::string_view text) : text_(text) { out_.reserve(text.size() + 64); }

  std::string run() {
    while (i_ < text_.size()) in_string_ ? inside() : outside();
    return std::move(out_);
  }

 private:
  void copy(std::size_t n) {
    out_.append(text_.substr(i_, n));
    i_ += n;
  }

  void outside() {
    const char c = text_[i_];
    if (c == '"') {
      in_string_ = true;
      copy(1);
    } else if (is_letter(c) || (c == '-' && i_ + 1 < text_.size() && is_letter(text_[i_ + 1]))) {
      std::size_t end = i_ + 1;
      while (end < text_.size() && is_letter(text_[end])) ++end;
      const auto word = text_.substr(i_, end - i_);
      // The e of 1e5 is a letter too, but then a digit stands before it.
      const bool exponent = i_ > 0 && text_[i_ - 1] >= '0' && text_[i_ - 1] <= '9';
      if (exponent || word == "true" || word == "false" || word == "null") return copy(word.size());
      out_ += "null";
      i_ = end;
    } else {
      copy(1);
    }
  }

  void inside() {
    const char c = text_[i_];
    if (c == '\\') return escape();
    if (c == '"') {
      in_string_ = false;
      return copy(1);
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      ++i_;
      return;
    }
    if (const auto n = utf8_length(text_.substr(i_))) return copy(n);
    out_ += "\xef\xbf\xbd";
    ++i_;
  }

  void escape() {
    const auto rest = text_.substr(i_ + 1);
    const char next = rest.empty() ? '\0' : rest.front();
    if (next == 'u') return unicode_escape(rest.substr(1));
    // A quote that ends its line closes the text, which ended in a backslash.
    const bool closing = next == '"' && line_ends(rest.substr(1));
    const bool known = next != '\0' && std::string_view("\"\\/bfnrt").find(next) != std::string_view::npos;
    if (known && !closing) return copy(2);
    out_ += "\\\\";
    ++i_;
  }

  // The UTF-16 unit of \uXXXX; kNoUnit where the digits are not there.
  static constexpr unsigned kNoUnit = 0x10000;
  static unsigned hex4(std::string_view s) {
    if (s.size() < 4 || !std::all_of(s.begin(), s.begin() + 4, is_hex)) return kNoUnit;
    return static_cast<unsigned>(std::stoul(std::string(s.substr(0, 4)), nullptr, 16));
  }

  void unicode_escape(std::string_view digits) {
    const auto unit = hex4(digits);
    if (unit == kNoUnit) {
      out_ += "\\\\";
      ++i_;
    } else if (unit < 0xd800 || unit > 0xdfff) {
      copy(6);
    } else {
      const auto second = digits.substr(4, 2) == "\\u" ? hex4(digits.substr(6)) : kNoUnit;
      if (unit <= 0xdbff && second >= 0xdc00 && second <= 0xdfff) return copy(12);
      out_ += "\\ufffd";  // half of a pair
      i_ += 6;
    }
  }

  std::string_view text_;
  std::string out_;
  std::size_t i_ = 0;
  bool in_string_ = false;
};

}  // namespace

std::string repair_json(std::string_view text) { return Repair(text).run(); }

std::size_t json_depth(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

Result<nlohmann::json> parse_agent_json(std::string_view text, std::string_view name) {
  const auto parse = [](std::string_view t) -> std::optional<nlohmann::json> {
    if (t.find('\0') != std::string_view::npos) return std::nullopt;  // the parser would take it for the end
    if (json_depth(t) > kMaxJsonDepth) return std::nullopt;
    try {
      auto j = nlohmann::json::parse(t.begin(), t.end(), nullptr, /*allow_exceptions=*/false);
      if (!j.is_discarded()) return j;
    } catch (const std::exception &) {  // numbers out of range throw whatever was asked for
    }
    return std::nullopt;
  };
  if (auto j = parse(text)) return std::move(*j);
  if (auto j = parse(repair_json(text))) return std::move(*j);
  return fail(Errc::parse, fmt::format("the agent's {} is not JSON ({} bytes)", name, text.size()));
}

}  // namespace aclk::external
