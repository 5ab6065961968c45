// SPDX-License-Identifier: GPL-3.0-or-later
//
// The HTTP/1.1 request inside a cmd message, who asks it, and which of its headers reach the host
// (aclk/query/README.md, "Framing"; plugin-api/external/API.md, "What writes or shows secrets"). Not a general HTTP
// parser: one complete request in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "claim/base/http_message.h"

namespace aclk::query {

// 128 KiB is what the 2.x agent takes for a whole request (plugin-api/external/API.md, "Connections").
inline constexpr std::size_t kMaxTargetBytes = 128U << 10;
// Request line and headers together.
inline constexpr std::size_t kMaxHeadBytes = kMaxTargetBytes + (64U << 10);
inline constexpr std::size_t kMaxHeaderLines = 100;

enum class HttpFault : std::uint8_t {
  method,    // does not begin with GET, POST, PUT or DELETE, a space and a slash
  protocol,  // the first line does not end with " HTTP/1.1"
  head_open,
  head_too_big,
  no_length,   // POST or PUT without a usable Content-Length
  body_short,  // fewer bytes than Content-Length says
};
// What is answered to an invalid request. Nothing for method and protocol: those are never answered.
[[nodiscard]] std::string_view sentence(HttpFault f);

// The target is as written. The body is that of POST and PUT only: exactly Content-Length bytes; what stands behind it
// is ignored. Header lines without a name, with white space in the name, with control characters or folded are
// left out.
[[nodiscard]] tl::expected<HttpRequest, HttpFault> parse_http_request(std::string_view text);

// The cloud's user, for the access log.
struct RequestIdentity {
  std::string role = "member";       // one of the six of aclk/query/README.md, "Framing"
  std::uint64_t permissions = 0x1b;  // the "old member" set: signed-in, same-space, anonymous and sensitive data
};

// Reads who asks, and leaves in `request` the headers for the host: X-Netdata-Account-Id, -Role, -Permissions,
// -User-Name, Content-Type, X-Transaction-ID; those that were given and are well-formed, each once, in this order.
// Nothing else passes: no Authorization, X-Auth-Token, X-Netdata-Auth, Cookie, X-Forwarded-*.
// `transaction`: 32 hex digits, goes to the host as the transaction id in place of what the asker wrote.
[[nodiscard]] RequestIdentity take_identity(HttpRequest &request, std::string_view transaction);

}  // namespace aclk::query
