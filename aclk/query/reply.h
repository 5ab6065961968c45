// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is published to the callback topic: `<JSON header> CRLF CRLF <HTTP response>` (aclk/query/README.md, "Replies")
// or, for errors, the JSON header alone ("Error replies"). Pure: times are arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aclk/query/answer.h"

namespace aclk::query {

// What a reply says about its question and about the connection that it goes out on.
struct Asker {
  std::string msg_id;
  std::string topic;
  std::string transaction;    // 32 hex digits
  std::string agent_version;  // with the leading v
  std::int64_t session_us = 0;
  std::int64_t received_us = 0;
  std::uint32_t max_packet = 0;  // the server's Maximum Packet Size; 0 = it set none
};

// The numbers are those of the wire.
enum class Fault : std::uint8_t {
  bad_node_id = 1,  // the first two are of 1.37; listed for completeness, here such questions get an ordinary 404
  unknown_node = 2,
  compression = 3,
  too_big = 4,
  topic = 5,  // has nowhere to go: only ever logged
  timeout = 6,
};
[[nodiscard]] int http_code(Fault f);
[[nodiscard]] std::string_view description(Fault f);

// The JSON header alone.
[[nodiscard]] std::string error_reply(const Asker &asker, Fault fault, std::int64_t now_us);

// To a question whose HTTP part is broken: the JSON header alone, http-code 400, as aclk/query/README.md, "Malformed
// requests", shows it. ("Replies" counts the missing HTTP part among the reference's defects; clouds know this form,
// and whoever asked sent no HTTP.)
[[nodiscard]] std::string bad_request_reply(const Asker &asker, std::int64_t now_us);

// Everything before the body. Text that comes from the host and could break the head (a line feed in its content type)
// is replaced by a harmless default; Content-Length is body.size().
[[nodiscard]] std::string reply_head(const Asker &asker, const Answer &answer, std::int64_t exec_us,
                                     std::int64_t now_us);

// head + body, exactly Content-Length bytes of it.
[[nodiscard]] std::string reply(const Asker &asker, const Answer &answer, std::int64_t exec_us, std::int64_t now_us);

// Does a PUBLISH with this payload fit into the server's limit? payload + topic + 64 <= max_packet, as the reference
// counts (proto/README.md, "PUBLISH"); MQTT itself needs at most 12 bytes beside topic and payload. 0 = only MQTT's own
// limit.
[[nodiscard]] bool fits(std::size_t payload_bytes, std::size_t topic_bytes, std::uint32_t max_packet);
// The largest payload that fits; 0 if there is none.
[[nodiscard]] std::size_t largest_payload(std::size_t topic_bytes, std::uint32_t max_packet);

// The status as it is sent: what HTTP has no place for (below 200, above 599) becomes 500.
[[nodiscard]] int wire_status(int status);
// Reason phrase of an HTTP status; "Unknown" for codes that have none here.
[[nodiscard]] std::string_view reason_phrase(int status);
// Thu, 21 Nov 2024 02:14:00 GMT. Independent of the process's locale.
[[nodiscard]] std::string http_date(std::int64_t seconds);

}  // namespace aclk::query
