// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who asks, and which headers of the question reach the host (aclk/query/README.md, "Framing",
// plugin-api/external/API.md, "What writes or shows secrets").
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "aclk/query/http_request.h"

namespace aclk::query {

struct RequestIdentity {
  std::string role = "member";       // one of the six of aclk/query/README.md, "Framing"
  std::uint64_t permissions = 0x1b;  // the "old member" set: signed-in, same-space, anonymous and sensitive data
  // For the host: X-Netdata-Account-Id, -Role, -Permissions, -User-Name, Content-Type, X-Transaction-ID; those that
  // were given and are well-formed, each once, in this order. Nothing else passes: no Authorization, X-Auth-Token,
  // X-Netdata-Auth, Cookie, X-Forwarded-*.
  std::vector<std::pair<std::string, std::string>> headers;
};

// `transaction`: 32 hex digits, goes to the host as the transaction id in place of what the asker wrote.
[[nodiscard]] RequestIdentity identify(const HttpRequest &request, const std::string &transaction);

}  // namespace aclk::query
