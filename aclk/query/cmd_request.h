// SPDX-License-Identifier: GPL-3.0-or-later
//
// A cmd message: its JSON, the HTTP/1.1 request inside it, who asks, and which of its headers reach the host
// (aclk/query/README.md, "Framing"; plugin-api/external/API.md, "What writes or shows secrets"). Pure; any bytes may
// come. Not a general HTTP parser: one complete request in memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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

// Of the JSON dictionary that a cmd message begins with: a handful of short values; more is not one. Bounds what the
// parser is given and what can be echoed.
inline constexpr std::size_t kMaxHeaderJsonBytes = 64U << 10;
// Nested values are allowed and ignored, to this depth.
inline constexpr int kMaxHeaderJsonDepth = 16;

// What is used of that dictionary. A key whose value has the wrong type counts as absent; of a key given twice the last
// one counts.
struct CmdHeader {
  std::optional<std::string> type;
  std::optional<std::string> msg_id;
  std::optional<std::string> callback_topic;
  std::int64_t version = 0;      // 0 = absent
  std::uint64_t timeout_ms = 0;  // 0 = absent, zero or negative
};

// nullopt: not JSON, or over a bound. JSON that is no object is a header without keys. Fractions are cut off, numbers
// too large for their field become its largest value.
[[nodiscard]] std::optional<CmdHeader> parse_cmd_header(std::string_view json);

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

struct CmdRequest {
  std::string msg_id;
  std::string callback_topic;            // passed is_reply_topic()
  std::chrono::milliseconds timeout{0};  // 0 = the asker set none; at most kMaxTimeout
  std::int64_t version = 0;              // >= 2
  bool accept_gzip = false;
  std::string transaction;  // 32 lower-case hex digits; empty = the asker gave none or a malformed one
  HttpRequest http;         // its headers as they were given (take_identity() is due)
};

using Cmd = std::variant<CmdRequest, BadRequest, Dropped>;

// Total: any bytes in, one of the three out. Pure; no state is kept.
[[nodiscard]] Cmd parse_cmd(std::string_view payload);

inline constexpr std::size_t kMaxTopicBytes = 4096;
// Deeper topics are refused by mosquitto (TOPIC_HIERARCHY_LIMIT in mosquitto 2.0).
inline constexpr std::size_t kMaxTopicLevels = 200;

// May we publish to the topic that a question names? It comes from outside, and a broker drops the whole link for a
// topic that MQTT does not allow. Begins with '/' (aclk/query/README.md, "Error replies", error 5); no wildcard, no
// control character (C0, DEL, C1), no Unicode noncharacter, within the bounds above. Not an agent's inbox
// (/agent/<claim id>/inbound/..., proto/README.md, "Topics"): a reply there would be taken for a command. `topic` must
// be valid UTF-8 (the JSON parser has seen to it).
[[nodiscard]] bool is_reply_topic(std::string_view topic);

}  // namespace aclk::query
