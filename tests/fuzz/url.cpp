// SPDX-License-Identifier: GPL-3.0-or-later
//
// URLs from the cloud and from users (claim/base/url.h): what is read can be written, and is then read the same.
#include "claim/base/url.h"

#include <string>

#include "tests/fuzz/fuzz.h"

void aclk::fuzz::fuzz(std::string_view bytes) {
  const auto url = parse_url(bytes);
  if (!url) {
    require(!url.error().what.empty(), "an error has a sentence");
    return;
  }
  require(!url->host.empty() && url->port != 0 && url->path.starts_with('/'), "host, port and path are there");
  for (const auto c : url->str()) require(static_cast<unsigned char>(c) > ' ' && c != 0x7f, "no white space");
  const auto again = parse_url(url->str());
  require(again.has_value(), "what was read can be read again");
  require(
      again->scheme == url->scheme && again->host == url->host && again->port == url->port && again->path == url->path,
      "and is the same");
}
