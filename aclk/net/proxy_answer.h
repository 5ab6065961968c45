// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an HTTP proxy answers to CONNECT, for people: when it is no, its own words say most. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aclk::net {

// The authentication schemes that a value of Proxy-Authenticate offers, as it spells them (RFC 9110 11.6.1):
// `Digest realm="a, b", nonce="x", Basic realm="c"` gives Digest and Basic. At most 8, printable.
[[nodiscard]] std::vector<std::string> offered_schemes(std::string_view value);

// The first line of a body that has something to read, printable and cut; of HTML the first text that a browser would
// show, its title as a rule.
[[nodiscard]] std::string first_words(std::string_view body);

class ProxyAnswer {
 public:
  // The next line of the head, with its line feed. A new status line begins a new answer: proxies that want a password
  // are asked several times. True: it is the empty line at the end.
  bool take(std::string_view line);
  void take_body(std::string_view begin) { body_ = first_words(begin); }

  [[nodiscard]] bool granted() const { return granted_; }
  // A body may follow.
  [[nodiscard]] bool has_body() const { return has_body_; }
  [[nodiscard]] const std::vector<std::string> &offers() const { return offers_; }
  // `"407 Proxy Authentication Required", "You must log in"`; empty when nothing was said.
  [[nodiscard]] std::string text() const;

 private:
  std::string status_;  // "407 Proxy Authentication Required"
  std::string body_;
  std::vector<std::string> offers_;
  bool granted_ = false;
  bool has_body_ = true;
};

}  // namespace aclk::net
