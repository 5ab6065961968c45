// SPDX-License-Identifier: GPL-3.0-or-later
//
// A cmd message of the cloud: `<JSON header> CRLF CRLF <HTTP/1.1 request>` (aclk/query/README.md, "Framing", "Malformed
// requests").
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aclk/query/http_request.h"

namespace aclk::query {

// Over it a message is dropped unread. The largest thing the agents take is 128 KiB (plugin-api/external/API.md,
// "Connections"); a linked-in agent may take more.
inline constexpr std::size_t kMaxCmdBytes = 16U << 20;
// A question that asks for more time gets this: something must end it some day.
inline constexpr std::chrono::milliseconds kMaxTimeout = std::chrono::hours(1);

// Not answered. The lines belong in the daemon log as errors, in this order (texts of aclk/query/README.md, "Malformed
// requests").
struct Dropped {
  std::vector<std::string> lines;
};

// Answered with http-code 400 and nothing else (bad_request_reply).
struct BadRequest {
  std::string msg_id;
  std::string callback_topic;
  std::string why;  // one sentence, for the log: the reply has no place for it
};

struct Request {
  std::string msg_id;
  std::string callback_topic;            // passed is_reply_topic()
  std::chrono::milliseconds timeout{0};  // 0 = the asker set none; at most kMaxTimeout
  std::int64_t version = 0;              // >= 2
  bool accept_gzip = false;
  std::string transaction;  // 32 lower-case hex digits; empty = the asker gave none or a malformed one
  HttpRequest http;
};

using Cmd = std::variant<Request, BadRequest, Dropped>;

// Total: any bytes in, one of the three out. Pure; no state is kept.
[[nodiscard]] Cmd parse_cmd(std::string_view payload);

}  // namespace aclk::query
