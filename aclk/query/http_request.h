// SPDX-License-Identifier: GPL-3.0-or-later
//
// The HTTP/1.1 request inside a cmd message (aclk/query/README.md, "Framing"). Not a general HTTP parser: one complete
// request in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace aclk::query {

enum class Method : std::uint8_t { get, post, put, del };
[[nodiscard]] std::string_view name(Method m);

struct HttpHeader {
  std::string name;  // as written; compare with iequals
  std::string value;
};

struct HttpRequest {
  Method method = Method::get;
  std::string target;  // as written, begins with '/'
  std::vector<HttpHeader> headers;
  std::string body;  // POST and PUT only: exactly Content-Length bytes; what stands behind it is ignored

  // Value of the last header of that name (any case), empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view header_name) const;
};

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
// What an invalid request's asker is told. Nothing for method and protocol: those are never answered.
[[nodiscard]] std::string_view sentence(HttpFault f);

// Header lines without a name, with white space in the name, with control characters or folded are left out.
[[nodiscard]] tl::expected<HttpRequest, HttpFault> parse_http_request(std::string_view text);

}  // namespace aclk::query
