// SPDX-License-Identifier: GPL-3.0-or-later
//
// Requests on the local socket (plugin-api/external/control/local_socket.h).
#include "plugin-api/external/control/local_socket.h"

#include "tests/fuzz/fuzz.h"

void aclk::fuzz::fuzz(std::string_view bytes) {
  using namespace aclk::external;
  const auto r = parse_local_request(bytes);
  require(r.status != 0 || bytes.size() <= kMaxLocalRequest, "no more is waited for than the maximum");
  if (r.status != 200) return;
  require(r.path.starts_with('/') && !r.method.empty(), "path and method are there");
  for (const char c : r.path + r.query) require(c > ' ' && c < 0x7f, "no white space or control characters");
  // The part before the last byte is either not enough, or the same.
  const auto less = parse_local_request(bytes.substr(0, bytes.size() - 1));
  require(less.status == 0 || (less.status == 200 && less.path == r.path), "pieces make no difference");
}
