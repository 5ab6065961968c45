// SPDX-License-Identifier: GPL-3.0-or-later
//
// The proxy setting of cloud.conf and netdata.conf [cloud], and what it means here and now (claim/README.md, "Proxy").
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "claim/base/result.h"

namespace aclk::claim {

// https: TLS to the proxy itself, and CONNECT inside; otherwise as http.
enum class ProxyKind : std::uint8_t { none, http, https, socks5, socks5h };

struct Proxy {
  ProxyKind kind = ProxyKind::none;
  std::string host;  // no brackets
  std::uint16_t port = 0;
  std::string user;      // percent-decoded; secret
  std::string password;  // percent-decoded; secret
  std::string source;    // "cloud.conf", "netdata.conf [cloud]", "environment variable 'http_proxy'"
  std::string warning;   // a sentence for the log, once; empty if there is nothing to say
  std::string except;    // value of no_proxy: hosts that are reached directly; only from the environment

  // Takes CONNECT requests.
  [[nodiscard]] bool speaks_http() const { return kind == ProxyKind::http || kind == ProxyKind::https; }
  [[nodiscard]] bool has_credentials() const { return !user.empty() || !password.empty(); }
  // The proxy to use towards this host (no brackets): itself, or none if the host is excepted.
  [[nodiscard]] Proxy towards(std::string_view target) const;
  // For libcurl's CURLOPT_PROXY: "socks5h://[::1]:1080"; without credentials; "" when there is none.
  [[nodiscard]] std::string curl_url() const;
  // For people and state: "none" or "http://host:port (with credentials, from cloud.conf)". Never a secret.
  [[nodiscard]] std::string display() const;
};

// value of an environment variable, nullopt if unset; injected so that tests need no environment
using Getenv = std::function<std::optional<std::string>(const char *name)>;

// What the setting asks for: nothing or none, env, or a proxy. host:port is an HTTP proxy; quotes around all of it are
// taken off. `env` looks at https_proxy, all_proxy and http_proxy, in this order, as libcurl does for a https URL: the
// first that says something; the upper case names too, but for HTTP_PROXY, which a web server's clients can set
// (CVE-2016-5385).
// An error (parse) is a setting or variable that says something and names no proxy that can be used. Somebody wanted
// that nothing goes out directly: nothing may be sent then. Its sentence has the source, the text masked, the cause and
// the next step.
[[nodiscard]] Result<Proxy> resolve_proxy(std::string_view setting, std::string_view source, const Getenv &getenv);

// The two files that may have a proxy: [cloud] proxy of netdata.conf, when it is there, else cloud.conf's.
[[nodiscard]] Result<Proxy> configured_proxy(const std::optional<std::string> &of_netdata_conf,
                                             std::string_view of_cloud_conf, const Getenv &getenv);

// Is `host` (a name or an IP address, no brackets) in a list as no_proxy has it? Entries between commas or blanks: `*`,
// a domain with all that is below it (with or without a leading dot), an address, or a network 192.0.2.0/24.
[[nodiscard]] bool proxy_excepts(std::string_view list, std::string_view host);

// A proxy setting for people: as it is when it is surely without credentials, else what is not surely scheme, host or
// port is XXXXX.
[[nodiscard]] std::string masked_proxy(std::string_view setting);

// The process environment as Getenv.
[[nodiscard]] Getenv process_environment();
// A variable of it; "" if it is not set.
[[nodiscard]] std::string environment_or_empty(const char *name);

}  // namespace aclk::claim
