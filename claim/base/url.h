// SPDX-License-Identifier: GPL-3.0-or-later
//
// URLs, read and written: whole ones, scheme://[user:password@]host[:port][/path], as the cloud's are written
// (claim/README.md, "URLs"), and the query string of a request to an agent. Everything is pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"

namespace aclk {

// One URL, taken apart.
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

// The query string of a request to an agent, read as agents read it (plugin-api/external/API.md, "URLs and errors") and
// written anew, so that whoever decides on it and the agent that gets it cannot understand two different things.
//
// How 1.37.1 reads one: it decodes the whole text once, %XX and '+' alike, splits it at each '&', an escaped one
// included, drops what '=' an item begins with, and takes what stands before the next '=' as the name. Names are exact
// in case and blanks. Of equal names the last counts, without a value none. A number is the digits that a value
// begins with, behind a '-'; whatever else it begins with makes it 0, and what is too large is cut to the lower bits.
//
// Read here is only what leaves no doubt; for the rest there is a sentence.
class QueryString {
 public:
  struct Parameter {
    std::string name;   // decoded
    std::string value;  // decoded
    std::string text;   // name=value as it is written
  };

  // Text without the question mark. In what is written complete escapes stay, what may not stand in a query becomes an
  // escape, numbers have neither escapes nor leading zeros, and items of nothing are gone.
  // Errors:
  //   parse: a broken escape, or a NUL
  //   invalid_argument: two readings are possible: an escaped '&', an escaped '=' where name and value part, no name,
  //     a name with an escape in it; of a parameter that decides how much work an answer is (times, counts, the
  //     charts): twice, behind a ';', and for numbers: nothing, not only digits (times may be negative), too large
  [[nodiscard]] static Result<QueryString> parse(std::string_view text);

  [[nodiscard]] std::string text() const;
  // The value of a parameter that has one.
  [[nodiscard]] std::optional<std::string_view> value(std::string_view name) const;
  // The same of one that parse() knows as a number.
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
  // In place of the one that is there, else at the end.
  void set_number(std::string_view name, std::int64_t value);

 private:
  std::vector<Parameter> parameters_;
};

}  // namespace aclk
