// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an HTTP proxy says to CONNECT (aclk/net/proxy_answer.h): whatever it says, people get short, printable
// words.
#include "aclk/net/proxy_answer.h"

#include <algorithm>
#include <string>

#include "tests/fuzz/fuzz.h"

using namespace aclk;
using namespace aclk::fuzz;

namespace {
void require_words(const std::string &text, std::size_t at_most) {
  require(text.size() <= at_most, "words are short");
  require(std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }), "and printable");
}
}  // namespace

void aclk::fuzz::fuzz(std::string_view bytes) {
  net::ProxyAnswer answer;
  auto rest = bytes;
  bool over = false;
  while (!rest.empty() && !over) {
    const auto end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    over = answer.take(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  if (over) answer.take_body(rest);
  require_words(answer.text(), 400);
  require(answer.offers().size() <= 8, "a few schemes");
  for (const auto &scheme : answer.offers()) {
    require(!scheme.empty() && scheme.find(' ') == std::string::npos, "a scheme is a word");
    require_words(scheme, 32);
  }
  require_words(net::first_words(bytes), 160);
  require(net::offered_schemes(bytes).size() <= 8, "a few schemes");
}
