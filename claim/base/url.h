// SPDX-License-Identifier: GPL-3.0-or-later
//
// scheme://[user:password@]host[:port][/path] as the cloud's URLs are written (claim/README.md, "URLs").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "claim/base/result.h"

namespace aclk {

struct Url {
  std::string scheme;  // lower case; "https" when the text has none
  std::string host;    // name, IPv4 or IPv6 literal without brackets
  std::uint16_t port = 0;
  std::string path = "/";  // with its query; always begins with '/'

  // By TLS: https, wss.
  [[nodiscard]] bool encrypted() const { return scheme == "https" || scheme == "wss"; }
  // host, or [host] for IPv6 literals, as it stands in a URL or a Host header.
  [[nodiscard]] std::string host_in_url() const;
  // scheme://host:port, the port only when it is not the scheme's own.
  [[nodiscard]] std::string origin() const;
  [[nodiscard]] std::string str() const { return origin() + path; }
};

// Default ports: http, ws 80; https, wss 443. Accepts [IPv6]:port. Fails on an empty host, an empty or out-of-range
// port, white space or control characters, credentials, two slashes without a scheme, or a scheme other than these
// four; the sentence shows the text as masked_url() does.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

// A text that should have been a URL, and may hold a user name and a password, fit for logs and people: what is not
// surely a scheme or host[:port] is XXXXX. What parse_url() takes holds none, and is shown as it is.
[[nodiscard]] std::string masked_url(std::string_view text);
// The same for what may look like a good URL and is none: "http://XXXXX@host:3128", "http://XXXXX", "XXXXX".
[[nodiscard]] std::string masked_authority(std::string_view text);

// Is it an IPv4 or IPv6 literal?
[[nodiscard]] bool is_ip_literal(std::string_view host);

}  // namespace aclk
