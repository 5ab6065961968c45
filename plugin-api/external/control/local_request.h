// SPDX-License-Identifier: GPL-3.0-or-later
//
// HTTP/1.x requests on the local socket: only as much of HTTP as curl, netdata-aclk and a monitoring script need. One
// request per connection; a body is read over and has no meaning. Pure; any bytes may come.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "claim/base/http_message.h"

namespace aclk::external {

inline constexpr std::size_t kMaxLocalRequest = 16U << 10;  // head and body

struct LocalRequest {
  int status = 0;  // 0: more bytes are needed; 200: here it is; else the refusal, and what was read is not looked at
  std::string method;
  std::string path;
  std::string query;  // without the question mark
};

// Of all bytes so far. Refusals: 400, 413 (longer than kMaxLocalRequest), 501 (chunked), 505.
[[nodiscard]] LocalRequest parse_local_request(std::string_view bytes);

// A whole response, after which the connection ends.
[[nodiscard]] std::string local_response(const HttpResponse &response);
// {"error":"..."} as body.
[[nodiscard]] HttpResponse local_error(int status, std::string_view sentence);

}  // namespace aclk::external
