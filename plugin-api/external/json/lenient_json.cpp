// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/json/lenient_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "claim/base/text.h"
#include "plugin-api/external/json/json_text.h"
#include "plugin-api/external/json/printed_json.h"

namespace aclk::external {
using nlohmann::json;
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Does the value end here? True for what follows the closing quote of a line's value: blanks, a comma, a line end.
bool line_ends(std::string_view rest) {
  std::size_t i = 0;
  while (i < rest.size() && (rest[i] == ' ' || rest[i] == '\t')) ++i;
  if (i < rest.size() && rest[i] == ',') ++i;
  while (i < rest.size() && (rest[i] == ' ' || rest[i] == '\t' || rest[i] == '\r')) ++i;
  return i < rest.size() && rest[i] == '\n';
}

// Can this follow a string? True as well for the end of all.
bool can_follow(std::string_view rest) {
  std::size_t i = 0;
  while (i < rest.size() && is_blank(rest[i])) {
    if (rest[i] == '\n') return true;
    ++i;
  }
  if (i == rest.size() || rest[i] == ':' || rest[i] == '}' || rest[i] == ']') return true;
  if (rest[i] != ',') return false;
  ++i;
  while (i < rest.size() && is_blank(rest[i])) ++i;
  if (i == rest.size()) return true;
  const char c = rest[i];
  constexpr std::array<std::string_view, 5> kWords{"true", "false", "null", "nan", "inf"};
  const auto begins = [&](std::string_view word) { return rest.substr(i, word.size()) == word; };
  return std::string_view("\"{[-]}").find(c) != std::string_view::npos || (c >= '0' && c <= '9') ||
         std::any_of(kWords.begin(), kWords.end(), begins);
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
      in_string_ = !can_follow(text_.substr(i_ + 1));
      if (in_string_) out_ += '\\';
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
    s = s.substr(0, 4);
    if (s.size() < 4 || !std::ranges::all_of(s, [](char c) { return hex_digit(c) >= 0; })) return kNoUnit;
    unsigned unit = 0;
    for (const char c : s) unit = unit * 16 + static_cast<unsigned>(hex_digit(c));
    return unit;
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

const json *member(const json &object, const char *key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

const json &empty_object() {
  static const json kEmpty = json::object();
  return kEmpty;
}

const json &empty_array() {
  static const json kEmpty = json::array();
  return kEmpty;
}

}  // namespace

std::string repair_json(std::string_view text) { return Repair(text).run(); }
namespace {

Result<json> parse_strict(std::string_view text, std::string_view name) {
  const auto no_json = [&] { return fail(Errc::parse, fmt::format("the agent's {} is not JSON", name)); };
  if (text.find('\0') != std::string_view::npos) return no_json();  // the parser would take it for the end
  const auto extent = json_extent(text);
  if (extent.values > kMaxJsonValues)
    return fail(Errc::too_big, fmt::format("the agent's {} has more than {} values in its {} bytes, so it is not read",
                                           name, kMaxJsonValues, text.size()));
  if (extent.depth > kMaxJsonDepth)
    return fail(Errc::parse,
                fmt::format("the agent's {} is nested more than {} times, so it is not read", name, kMaxJsonDepth));
  try {
    auto j = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
    if (!j.is_discarded()) return j;
  } catch (const std::exception &) {  // numbers out of range throw whatever was asked for
  }
  return no_json();
}

}  // namespace

JsonExtent json_extent(std::string_view text) {
  JsonExtent e;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      e.depth = std::max(e.depth, ++depth);
      ++e.values;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    } else if (c == ',') {
      ++e.values;
    }
  }
  ++e.values;
  return e;
}

Result<json> parse_agent_json(std::string_view text, std::string_view name, std::vector<std::string> *lost) {
  if (auto printed = reprint_json(text)) {
    if (printed->damaged && is_plain_json(text)) return parse_strict(text, name);
    if (printed->damaged)
      return fail(Errc::parse,
                  fmt::format("the agent's {} is not JSON, or a text in it looks like a part of it ({} bytes)", name,
                              text.size()));
    if (lost != nullptr) *lost = std::move(printed->lost);
    return parse_strict(printed->json, name);
  }
  auto strict = parse_strict(text, name);
  if (strict || strict.error().code == Errc::too_big) return strict;
  auto repaired = parse_strict(repair_json(text), name);
  if (repaired || repaired.error().code == Errc::too_big) return repaired;
  return fail(Errc::parse, fmt::format("{} ({} bytes)", strict.error().what, text.size()));
}

std::string text_of(const json &object, const char *key) {
  const auto *m = member(object, key);
  if (m == nullptr) return {};
  if (m->is_string()) {
    const auto &s = m->get_ref<const std::string &>();
    if (s.size() <= kMaxField) return s;
    auto end = kMaxField;
    while (end > 0 && (static_cast<unsigned char>(s[end]) & 0xc0U) == 0x80U) --end;  // not inside a character
    return s.substr(0, end);
  }
  return m->is_number() || m->is_boolean() ? m->dump() : std::string{};
}

std::string text_of(const json &object, const char *key, const char *otherwise) {
  auto s = text_of(object, key);
  return s.empty() ? text_of(object, otherwise) : s;
}

std::optional<double> number_of(const json &object, const char *key) {
  const auto *m = member(object, key);
  double d = NAN;
  if (m != nullptr && m->is_number()) d = m->get<double>();
  if (m != nullptr && m->is_string()) {
    const auto &s = m->get_ref<const std::string &>();
    char *end = nullptr;
    d = std::strtod(s.c_str(), &end);
    if (end == s.c_str()) d = NAN;
  }
  return std::isfinite(d) ? std::optional<double>(d) : std::nullopt;
}

std::int64_t int_of(const json &object, const char *key, std::int64_t otherwise) {
  const auto *m = member(object, key);
  if (m != nullptr && m->is_number_unsigned()) {
    const auto u = m->get<std::uint64_t>();
    return u > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(u);
  }
  if (m != nullptr && m->is_number_integer()) return m->get<std::int64_t>();
  const auto d = number_of(object, key);
  if (!d) return otherwise;
  constexpr double kLimit = 9.2e18;
  return *d >= kLimit ? INT64_MAX : *d <= -kLimit ? INT64_MIN : static_cast<std::int64_t>(*d);
}

std::uint64_t uint_of(const json &object, const char *key, std::uint64_t otherwise) {
  const auto *m = member(object, key);
  if (m != nullptr && m->is_number_unsigned()) return m->get<std::uint64_t>();
  const auto i = int_of(object, key, -1);
  return i < 0 ? otherwise : static_cast<std::uint64_t>(i);
}

bool bool_of(const json &object, const char *key, bool otherwise) {
  const auto *m = member(object, key);
  if (m == nullptr || m->is_null()) return otherwise;
  if (m->is_boolean()) return m->get<bool>();
  if (m->is_string()) {
    const auto &s = m->get_ref<const std::string &>();
    if (s == "true" || s == "yes" || s == "on") return true;
    if (s == "false" || s == "no" || s == "off" || s.empty()) return false;
  }
  const auto d = number_of(object, key);
  return d ? *d != 0 : otherwise;
}

const json &object_of(const json &object, const char *key) {
  const auto *m = member(object, key);
  return m != nullptr && m->is_object() ? *m : empty_object();
}

const json &array_of(const json &object, const char *key) {
  const auto *m = member(object, key);
  return m != nullptr && m->is_array() ? *m : empty_array();
}

}  // namespace aclk::external
