// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/proxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "claim/base/url.h"
#include "claim/ini.h"

namespace aclk::claim {
namespace {

constexpr std::string_view kMask = "XXXXX";
// RFC 1929: user and password have one length byte each. HTTP needs no more either.
constexpr std::size_t kMaxCredential = 255;

struct Form {
  std::string_view prefix;
  ProxyKind kind;
  std::uint16_t default_port;
};
constexpr std::array kForms{Form{"http://", ProxyKind::http, 8080}, Form{"socks5://", ProxyKind::socks5, 1080},
                            Form{"socks5h://", ProxyKind::socks5h, 1080}};

std::string lower(std::string_view s) {
  std::string out(s);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A % that does not begin an escape stands for itself: passwords are pasted as they are.
std::string percent_decoded(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const int hi = s[i] == '%' && i + 2 < s.size() ? nibble(s[i + 1]) : -1;
    const int lo = hi >= 0 ? nibble(s[i + 2]) : -1;
    if (lo < 0) {
      out += s[i];
      continue;
    }
    out += static_cast<char>(hi * 16 + lo);
    i += 2;
  }
  return out;
}

// Masked, on one line, of bounded length; and without what follows a colon that is no port: that may be the password of
// somebody who forgot the host.
std::string shown(std::string_view text) {
  auto s = mask_credentials(text.substr(0, 512));
  for (auto &c : s)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  const auto scheme = s.find("://");
  const auto colon = s.rfind(':');
  if (colon == std::string::npos || colon == scheme || s.find('@') != std::string::npos) return s;
  const bool port = std::all_of(s.begin() + static_cast<std::ptrdiff_t>(colon) + 1, s.end(),
                                [](unsigned char c) { return std::isdigit(c) != 0 || c == '/'; });
  if (!port) s.replace(colon + 1, std::string::npos, kMask);
  return s;
}

tl::unexpected<Error> unknown_form(std::string_view text, std::string_view source) {
  return fail(Errc::parse, fmt::format(R"(Config var "proxy" defined but of unknown format. Supported syntax: )"
                                       R"("http://[user:pass@]host:port" or "socks5[h]://[user:pass@]host:port". )"
                                       R"(Provided Value:"{}" (from {}))",
                                       shown(text), source));
}

// user:password, percent-encoded; false when they cannot be used.
bool take_credentials(std::string_view text, Proxy &p) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    p.warning = "Failed to get username and password for proxy. Will attempt connection without authentication";
    return true;
  }
  p.user = percent_decoded(text.substr(0, colon));
  p.password = percent_decoded(text.substr(colon + 1));
  const auto usable = [](const std::string &s) {
    return s.size() <= kMaxCredential && s.find('\0') == std::string::npos;
  };
  return usable(p.user) && usable(p.password);
}

Result<Proxy> parse_proxy(std::string_view text, std::string_view source) {
  const auto low = lower(text);
  const auto *const form =
      std::find_if(kForms.begin(), kForms.end(), [&](const Form &f) { return low.starts_with(f.prefix); });
  if (form == kForms.end() || text.size() > 4096) return unknown_form(text, source);
  auto rest = text.substr(form->prefix.size());
  Proxy p;
  p.kind = form->kind;
  p.source = source;
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    if (!take_credentials(rest.substr(0, at), p)) return unknown_form(text, source);
    rest.remove_prefix(at + 1);
  }
  const auto url = parse_url("http://" + std::string(rest));
  if (!url || url->path != "/") return unknown_form(text, source);
  const auto bracket = rest.find(']');
  const bool has_port = rest.find(':', bracket == std::string_view::npos ? 0 : bracket) != std::string_view::npos;
  p.host = url->host;
  p.port = has_port ? url->port : form->default_port;
  return p;
}

std::string address(const Proxy &p) {
  const auto *const form = std::find_if(kForms.begin(), kForms.end(), [&](const Form &f) { return f.kind == p.kind; });
  if (form == kForms.end()) return {};
  const bool v6 = p.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}{}:{}", form->prefix, v6 ? "[" : "", p.host, v6 ? "]" : "", p.port);
}

}  // namespace

std::string Proxy::curl_url() const { return address(*this); }

std::string Proxy::display() const {
  if (kind == ProxyKind::none) return "none";
  return fmt::format("{} ({} credentials, from {})", address(*this), has_credentials() ? "with" : "without", source);
}

Result<Proxy> resolve_proxy(std::string_view setting, std::string_view source, const Getenv &getenv) {
  setting = trimmed(setting);
  const auto word = lower(setting.substr(0, 8));
  if (setting.empty() || word == "none") return Proxy{};
  if (word != "env") return parse_proxy(setting, source);
  for (const auto *name : {"http_proxy", "https_proxy"}) {
    const auto value = getenv(name);
    if (!value || trimmed(*value).empty()) continue;
    return parse_proxy(trimmed(*value), fmt::format("environment variable '{}'", name));
  }
  return Proxy{};
}

std::string mask_credentials(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return std::string(text);
  const auto scheme = text.find("://");
  const auto begin = scheme == std::string_view::npos || scheme > at ? 0 : scheme + 3;
  return fmt::format("{}{}{}", text.substr(0, begin), kMask, text.substr(at));
}

Getenv process_environment() {
  return [](const char *name) -> std::optional<std::string> {
    const char *const value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

}  // namespace aclk::claim
