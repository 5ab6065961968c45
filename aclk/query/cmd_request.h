// SPDX-License-Identifier: GPL-3.0-or-later
//
// A cmd message of the cloud: `<JSON header> CRLF CRLF <HTTP/1.1 request>` (aclk/query/README.md, "Framing", "Malformed
// requests").
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aclk/query/http_request.h"

namespace aclk::query {

// The JSON dictionary that a cmd message begins with (aclk/query/README.md, "Framing").

// A header is a handful of short values; more is not one. Bounds what the parser is given and what can be echoed.
inline constexpr std::size_t kMaxHeaderJsonBytes = 64U << 10;
// Nested values are allowed and ignored, to this depth.
inline constexpr int kMaxHeaderJsonDepth = 16;

// Only what is used. A key whose value has the wrong type counts as absent; of a key given twice the last one counts.
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
  HttpRequest http;         // its headers as they were given (take_identity() of http_request.h is due)
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
