// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/base/url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>

#include "claim/base/text.h"

namespace aclk {
namespace {

struct Scheme {
  std::string_view name;
  std::uint16_t port;
};
constexpr std::array kSchemes{Scheme{"http", 80}, Scheme{"https", 443}, Scheme{"ws", 80}, Scheme{"wss", 443}};

std::uint16_t default_port(std::string_view scheme) {
  const auto *const it = std::find_if(kSchemes.begin(), kSchemes.end(), [&](auto &s) { return s.name == scheme; });
  return it == kSchemes.end() ? std::uint16_t{0} : it->port;
}

tl::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail(Errc::parse, fmt::format("\"{}\" is not a usable URL: {}", masked_authority(text), why));
}

constexpr std::string_view kMask = "XXXXX";
// Words before "://" that are no secret.
constexpr std::array<std::string_view, 11> kShownSchemes{"http",    "https",  "ws",      "wss", "socks", "socks4",
                                                         "socks4a", "socks5", "socks5h", "ftp", "tcp"};

bool is_port(std::string_view text) {
  unsigned n = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), n);
  return !text.empty() && text.size() <= 5 && r.ec == std::errc{} && r.ptr == text.data() + text.size() && n >= 1 &&
         n <= 65535;
}

// Surely host[:port] and nothing that somebody typed instead of it.
bool is_authority(std::string_view text, bool port_needed) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || !is_ip_literal(text.substr(1, end - 1))) return false;
    port = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    const auto host = text.substr(0, colon);
    if (host.empty() || host.size() > 253 || !std::all_of(host.begin(), host.end(), [](unsigned char c) {
          return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
        }))
      return false;
    port = text.substr(colon);
  }
  return port.empty() ? !port_needed : port.front() == ':' && is_port(port.substr(1));
}

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

std::string Url::host_in_url() const { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

std::string Url::origin() const {
  if (port == default_port(scheme)) return fmt::format("{}://{}", scheme, host_in_url());
  return fmt::format("{}://{}:{}", scheme, host_in_url(), port);
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > 4096) return bad(text.substr(0, 64), "it is longer than 4096 characters");
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; }))
    return fail(Errc::parse, "a URL must not contain white space or control characters");
  Url u;
  auto rest = text;
  if (const auto p = rest.find("://"); p != std::string_view::npos) {
    u.scheme = lower(rest.substr(0, p));
    rest.remove_prefix(p + 3);
  } else {
    u.scheme = "https";
  }
  const auto port = default_port(u.scheme);
  if (port == 0) return bad(text, "the scheme must be http, https, ws or wss");
  u.port = port;

  const auto slash = rest.find_first_of("/?#");
  if (rest.size() == text.size() && slash != std::string_view::npos && rest.substr(slash).starts_with("//"))
    return bad(text, "a colon is missing between its scheme and two slashes");
  auto authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) {
    u.path = rest.substr(slash);
    if (u.path.front() != '/') u.path.insert(0, 1, '/');
  }
  // The text is not quoted back: it holds a secret.
  if (authority.find('@') != std::string_view::npos)
    return fail(Errc::parse, "a URL must not contain a user name or password here");

  if (!authority.empty() && authority.front() == '[') {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return bad(text, "the bracket of the IPv6 address is not closed");
    u.host = lower(authority.substr(1, end - 1));
    authority.remove_prefix(end + 1);
    std::array<unsigned char, 16> raw{};
    if (inet_pton(AF_INET6, u.host.c_str(), raw.data()) != 1) return bad(text, "the IPv6 address is malformed");
    if (!authority.empty() && authority.front() != ':') return bad(text, "only a port may follow the IPv6 address");
  } else {
    const auto colon = authority.find(':');
    u.host = lower(authority.substr(0, colon));
    authority = colon == std::string_view::npos ? std::string_view{} : authority.substr(colon);
  }
  if (u.host.empty()) return bad(text, "the host is missing");
  if (u.host.size() > 253) return bad(text.substr(0, 64), "the host name is longer than 253 characters");
  if (!authority.empty()) {
    authority.remove_prefix(1);
    if (!is_port(authority)) return bad(text, "the port must be a number from 1 to 65535");
    std::from_chars(authority.data(), authority.data() + authority.size(), u.port);
  }
  return u;
}

std::string masked_authority(std::string_view text) {
  text = text.substr(0, 4096);
  const auto end = text.find("://");
  const auto known = end != std::string_view::npos && std::find(kShownSchemes.begin(), kShownSchemes.end(),
                                                                lower(text.substr(0, end))) != kShownSchemes.end();
  const auto scheme = known ? text.substr(0, end + 3) : std::string_view{};
  auto rest = text.substr(scheme.size());
  const auto at = rest.rfind('@');
  const bool credentials = at != std::string_view::npos;
  if (credentials) rest.remove_prefix(at + 1);
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  // A word alone may be a password that is all that is left of a URL.
  if (!is_authority(authority, !known && !credentials)) return fmt::format("{}{}", scheme, kMask);
  const auto path = rest.substr(authority.size());
  return fmt::format("{}{}{}{}{}", scheme, credentials ? kMask : "", credentials ? "@" : "", authority,
                     path.empty() || path == "/" ? path : "/XXXXX");
}

std::string masked_url(std::string_view text) {
  return text.empty() || (text.find('@') == std::string_view::npos && parse_url(text)) ? std::string(text)
                                                                                       : masked_authority(text);
}

bool is_ip_literal(std::string_view host) {
  const std::string h(host);
  std::array<unsigned char, 16> raw{};
  return inet_pton(AF_INET, h.c_str(), raw.data()) == 1 || inet_pton(AF_INET6, h.c_str(), raw.data()) == 1;
}

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
