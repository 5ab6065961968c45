// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/proxy.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <vector>

#include "claim/base/text.h"
#include "claim/base/url.h"
#include "claim/ini.h"

namespace aclk::claim {
namespace {

// RFC 1929: user and password have one length byte each. HTTP needs no more either.
constexpr std::size_t kMaxCredential = 255;

struct Form {
  std::string_view prefix;
  ProxyKind kind;
  std::uint16_t default_port;
};
// 8080 and 1080: claim/README.md, "Proxy". 443: what libcurl takes for an HTTPS proxy, and so what people who know curl
// expect.
constexpr std::array kForms{Form{"http://", ProxyKind::http, 8080}, Form{"https://", ProxyKind::https, 443},
                            Form{"socks5://", ProxyKind::socks5, 1080}, Form{"socks5h://", ProxyKind::socks5h, 1080}};

// The setting cannot be used: whose it is, what is wrong, what to do.
tl::unexpected<Error> unusable(std::string_view text, std::string_view source, std::string_view cause) {
  const bool of_file = !source.starts_with("environment");
  return fail(Errc::parse,
              fmt::format(R"(Config var "proxy" defined but of unknown format. Supported syntax: )"
                          R"("http[s]://[user:pass@]host:port" or "socks5[h]://[user:pass@]host:port". )"
                          R"(Provided Value:"{}" (from {}): {}. Nothing is sent to the cloud until it is mended; )"
                          R"(correct it, or write proxy = none {} for a direct connection)",
                          masked_proxy(text), source, cause, of_file ? "there" : "in cloud.conf"));
}

// user:password, percent-encoded; false when they cannot be used.
bool take_credentials(std::string_view text, Proxy &p) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    p.warning = "Failed to get username and password for proxy. Will attempt connection without authentication";
    return true;
  }
  p.user = percent_decode_leniently(text.substr(0, colon));
  p.password = percent_decode_leniently(text.substr(colon + 1));
  const auto usable = [](const std::string &s) {
    return s.size() <= kMaxCredential && s.find('\0') == std::string::npos;
  };
  return usable(p.user) && usable(p.password);
}

// The error is what is wrong with it, without a word of it.
tl::expected<Proxy, std::string_view> parse_proxy(std::string_view text) {
  const auto wrong = [](std::string_view why) { return tl::unexpected<std::string_view>(why); };
  if (text.size() > 4096) return wrong("it is longer than 4096 characters");
  const auto low = lower(text);
  const auto *form =
      std::find_if(kForms.begin(), kForms.end(), [&](const Form &f) { return low.starts_with(f.prefix); });
  const bool bare = form == kForms.end();
  if (bare && low.find("://") != std::string::npos)
    return wrong("what it begins with is none of http://, https://, socks5:// and socks5h://");
  auto rest = bare ? text : text.substr(form->prefix.size());
  if (bare) form = kForms.begin();
  Proxy p;
  p.kind = form->kind;
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    if (!take_credentials(rest.substr(0, at), p))
      return wrong("its user name or password is longer than 255 characters, or holds a zero byte");
    rest.remove_prefix(at + 1);
  }
  const auto url = parse_url("http://" + std::string(rest));
  if (!url) return wrong("what should be host:port cannot be read as that");
  if (url->path != "/") return wrong("something follows host and port");
  const auto bracket = rest.find(']');
  const bool has_port = rest.find(':', bracket == std::string_view::npos ? 0 : bracket) != std::string_view::npos;
  if (bare && !has_port) return wrong("it is neither none nor env, and without http:// or the like a port is needed");
  if (bare && std::any_of(kForms.begin(), kForms.end(), [&](const Form &f) { return url->host + "://" == f.prefix; }))
    return wrong("two slashes must follow its scheme");
  p.host = url->host;
  p.port = has_port ? url->port : form->default_port;
  return p;
}

Result<Proxy> usable_proxy(std::string_view text, std::string_view source) {
  auto p = parse_proxy(text);
  if (!p) return unusable(text, source, p.error());
  p->source = source;
  return std::move(*p);
}

struct EnvValue {
  const char *name;
  std::string value;
};

// An IP address as bytes: 4 or 16, or none.
std::vector<unsigned char> ip_bytes(const std::string &text) {
  std::vector<unsigned char> v4(4);
  if (::inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return v4;
  std::vector<unsigned char> v6(16);
  if (::inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return v6;
  return {};
}

bool same_network(const std::vector<unsigned char> &a, const std::vector<unsigned char> &b, unsigned bits) {
  if (a.size() != b.size() || bits > a.size() * 8) return false;
  const auto whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool entry_excepts(std::string entry, const std::string &host, const std::vector<unsigned char> &ip) {
  if (entry == "*") return true;
  if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  if (!ip.empty()) {
    const auto slash = entry.find('/');
    const auto network = ip_bytes(entry.substr(0, slash));
    if (network.empty()) return false;
    unsigned bits = static_cast<unsigned>(network.size()) * 8;
    if (slash != std::string::npos) {
      const auto *const end = entry.data() + entry.size();
      if (const auto r = std::from_chars(entry.data() + slash + 1, end, bits); r.ec != std::errc() || r.ptr != end)
        return false;
    }
    return same_network(network, ip, bits);
  }
  const auto domain =
      entry.substr(entry.find_first_not_of('.') == std::string::npos ? 0 : entry.find_first_not_of('.'));
  return host == domain || (host.size() > domain.size() && host.ends_with(domain) &&
                            host[host.size() - domain.size() - 1] == '.' && !domain.empty());
}

std::string address(const Proxy &p) {
  const auto *const form = std::find_if(kForms.begin(), kForms.end(), [&](const Form &f) { return f.kind == p.kind; });
  if (form == kForms.end()) return {};
  const bool v6 = p.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}{}:{}", form->prefix, v6 ? "[" : "", p.host, v6 ? "]" : "", p.port);
}

}  // namespace

bool proxy_excepts(std::string_view list, std::string_view host) {
  const auto without_dot = [](std::string s) {
    if (s.ends_with('.')) s.pop_back();
    return s;
  };
  const auto name = without_dot(lower(host));
  const auto ip = ip_bytes(name);
  constexpr std::string_view kBetween = ", \t";
  for (auto at = list.find_first_not_of(kBetween); at != std::string_view::npos;) {
    const auto end = std::min(list.find_first_of(kBetween, at), list.size());
    if (entry_excepts(without_dot(lower(list.substr(at, end - at))), name, ip)) return true;
    at = list.find_first_not_of(kBetween, end);
  }
  return false;
}

Proxy Proxy::towards(std::string_view target) const {
  return kind != ProxyKind::none && proxy_excepts(except, target) ? Proxy{} : *this;
}

std::string Proxy::curl_url() const { return address(*this); }

std::string Proxy::display() const {
  if (kind == ProxyKind::none) return "none";
  return fmt::format("{} ({} credentials, from {})", address(*this), has_credentials() ? "with" : "without", source);
}

Result<Proxy> resolve_proxy(std::string_view setting, std::string_view source, const Getenv &getenv) {
  setting = unquoted(setting);
  const auto word = lower(setting.substr(0, 8));
  if (setting.empty() || word == "none") return Proxy{};
  if (word != "env") return usable_proxy(setting, source);
  const auto from_env = [&](std::initializer_list<const char *> names) -> std::optional<EnvValue> {
    for (const auto *name : names)
      if (const auto value = getenv(name); value && !unquoted(*value).empty())
        return EnvValue{name, std::string(unquoted(*value))};
    return std::nullopt;
  };
  const auto found = from_env({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy"});
  if (!found) {
    Proxy direct;
    if (from_env({"HTTP_PROXY"}))
      direct.warning =
          "HTTP_PROXY in the environment is not used: in capitals it counts nowhere (CVE-2016-5385); for a "
          "proxy, set https_proxy";
    return direct;
  }
  auto proxy = usable_proxy(found->value, fmt::format("environment variable '{}'", found->name));
  if (proxy)
    if (const auto except = from_env({"no_proxy", "NO_PROXY"})) proxy->except = except->value;
  return proxy;
}

Result<Proxy> configured_proxy(const std::optional<std::string> &of_netdata_conf, std::string_view of_cloud_conf,
                               const Getenv &getenv) {
  return of_netdata_conf ? resolve_proxy(*of_netdata_conf, "netdata.conf [cloud]", getenv)
                         : resolve_proxy(of_cloud_conf, "cloud.conf", getenv);
}

std::string masked_proxy(std::string_view setting) {
  setting = unquoted(setting);
  const auto word = lower(setting.substr(0, 8));
  if (setting.empty() || word == "none" || word == "env") return std::string(setting);
  const auto p = parse_proxy(setting);
  const bool open = p && setting.find('@') == std::string_view::npos;
  return open ? std::string(setting) : masked_authority(setting);
}

Getenv process_environment() {
  return [](const char *name) -> std::optional<std::string> {
    const char *const value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

std::string environment_or_empty(const char *name) { return process_environment()(name).value_or(""); }

}  // namespace aclk::claim
