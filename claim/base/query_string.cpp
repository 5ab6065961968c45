// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/base/query_string.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "claim/base/text.h"

namespace aclk {
namespace {

enum class Kind : std::uint8_t {
  time,   // seconds, absolute or relative: may be negative
  count,  // of something: 0 to INT32_MAX
  names,  // which charts
};

struct Known {
  std::string_view name;
  Kind kind;
};
// What decides how much an agent reads, keeps and prints for one answer.
constexpr std::array kKnown{
    Known{"after", Kind::time},
    Known{"baseline_after", Kind::time},
    Known{"baseline_before", Kind::time},
    Known{"before", Kind::time},
    Known{"cardinality_limit", Kind::count},
    Known{"chart", Kind::names},
    Known{"context", Kind::names},
    Known{"contexts", Kind::names},
    Known{"gtime", Kind::count},
    Known{"last", Kind::count},
    Known{"limit", Kind::count},
    Known{"points", Kind::count},
    Known{"tier", Kind::count},
    Known{"time_resampling", Kind::count},
    Known{"timeout", Kind::count},
};
constexpr std::size_t kQuotedBytes = 64;
constexpr std::int64_t kMaxCount = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMaxTime = 1'000'000'000'000'000;  // more than any unit of time that an agent knows needs

// RFC 3986: query = *( pchar / "/" / "?" ), the escapes apart.
bool may_stand(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("-._~!$&'()*+,;=:@/?").find(c) != std::string_view::npos;
}

// nullopt: a broken escape, or a NUL.
std::optional<std::string> well_formed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\0' || (c == '%' && percent_escape_at(text, i) <= 0)) return std::nullopt;
    if (c == '%') {
      out += text.substr(i, 3);
      i += 2;
    } else if (may_stand(c)) {
      out += c;
    } else {
      out += percent_encode({&c, 1});
    }
  }
  return out;
}

// As the agent does it: %XX and '+'. The text is well formed.
std::string decode(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '+', ' ');
  return percent_decode(out).value_or(std::string());
}

const Known *find(std::string_view name) {
  const auto *const it = std::ranges::find(kKnown, name, &Known::name);
  return it == kKnown.end() ? nullptr : it;
}

tl::unexpected<Error> doubt(std::string what) { return fail(Errc::invalid_argument, std::move(what)); }

std::optional<std::int64_t> digits(std::string_view text, Kind kind) {
  std::int64_t n = 0;
  const bool negative = text.starts_with('-');
  const auto most = kind == Kind::time ? kMaxTime : kMaxCount;
  const auto *const end = text.data() + text.size();
  const auto got = std::from_chars(text.data(), end, n);
  if (text.empty() || got.ec != std::errc{} || got.ptr != end || (negative && kind != Kind::time) || n > most ||
      n < -most)
    return std::nullopt;
  return n;
}

// Some readers of query strings take ';' for '&'. The agent does not; who wrote this may have thought so.
bool hides_another(std::string_view decoded) {
  for (auto at = decoded.find(';'); at != std::string_view::npos; at = decoded.find(';', at + 1)) {
    const auto rest = decoded.substr(at + 1);
    if (find(rest.substr(0, rest.find_first_of("=;"))) != nullptr) return true;
  }
  return false;
}

Result<QueryString::Parameter> read(std::string_view item) {
  QueryString::Parameter p;
  const auto equals = item.find('=');
  const auto name = item.substr(0, equals);
  p.text = item;
  p.name = decode(name);
  if (equals != std::string_view::npos) p.value = decode(item.substr(equals + 1));
  if (p.name.find('&') != std::string::npos || p.value.find('&') != std::string::npos)
    return doubt(fmt::format("The parameter {} holds an encoded &, where the agent would begin another parameter.",
                             excerpt(p.name, kQuotedBytes)));
  if (p.name.find('=') != std::string::npos)
    return doubt(fmt::format("The name of the parameter {} holds an encoded =.", excerpt(p.name, kQuotedBytes)));
  if (p.name.empty()) return doubt(fmt::format("A parameter has no name: ={}", excerpt(p.value, kQuotedBytes)));
  if (p.name.find('%') != std::string::npos)
    return doubt(fmt::format("The name of the parameter {} is encoded twice.", excerpt(p.name, kQuotedBytes)));
  if (hides_another(p.name) || hides_another(p.value))
    return doubt(fmt::format("Parameters are divided by &, not by ; as in {}.", excerpt(p.name, kQuotedBytes)));
  return p;
}

}  // namespace

Result<QueryString> QueryString::parse(std::string_view text) {
  const auto whole = well_formed(text);
  if (!whole) return fail(Errc::parse, "The query string holds a broken escape or a NUL.");
  QueryString q;
  for (std::string_view rest = *whole; !rest.empty();) {
    const auto end = rest.find('&');
    const auto item = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (item.empty()) continue;
    ACLK_TRY(auto p, read(item));
    if (const auto *const known = find(p.name)) {
      if (std::ranges::find(q.parameters_, p.name, &Parameter::name) != q.parameters_.end())
        return doubt(fmt::format("The parameter {} is there twice.", p.name));
      if (known->kind != Kind::names) {
        const auto n = digits(p.value, known->kind);
        if (!n)
          return doubt(fmt::format("The parameter {} must be {}, and not too large: {}", p.name,
                                   known->kind == Kind::time ? "digits, with a - before them or not" : "digits alone",
                                   excerpt(p.value, kQuotedBytes)));
        p.value = fmt::format("{}", *n);
        p.text = fmt::format("{}={}", p.name, *n);
      }
    }
    q.parameters_.push_back(std::move(p));
  }
  return q;
}

std::string QueryString::text() const {
  std::string out;
  for (const auto &p : parameters_) {
    if (!out.empty()) out += '&';
    out += p.text;
  }
  return out;
}

std::optional<std::string_view> QueryString::value(std::string_view name) const {
  const auto it = std::ranges::find(parameters_, name, &Parameter::name);
  return it == parameters_.end() || it->value.empty() ? std::nullopt : std::optional<std::string_view>(it->value);
}

std::optional<std::int64_t> QueryString::number(std::string_view name) const {
  const auto text = value(name);
  const auto *const known = find(name);
  return text && known != nullptr && known->kind != Kind::names ? digits(*text, known->kind) : std::nullopt;
}

void QueryString::set_number(std::string_view name, std::int64_t value) {
  auto it = std::ranges::find(parameters_, name, &Parameter::name);
  if (it == parameters_.end()) it = parameters_.insert(it, {std::string(name), {}, {}});
  it->value = fmt::format("{}", value);
  it->text = fmt::format("{}={}", name, value);
}

}  // namespace aclk
