// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is published to the callback topic: `<JSON header> CRLF CRLF <HTTP response>` (aclk/query/README.md, "Replies")
// or, for errors, the JSON header alone ("Error replies"). Pure: times are arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aclk/host/requests.h"
#include "claim/base/bytes.h"
#include "claim/base/http_message.h"
#include "claim/base/result.h"

namespace aclk::query {

// Who gets a reply: what it says about its question and about the connection that it goes out on, and what both take.
struct Asker {
  std::string msg_id;
  std::string topic;
  std::string transaction;    // 32 hex digits
  std::string agent_version;  // with the leading v
  std::int64_t session_us = 0;
  std::int64_t received_us = 0;
  std::uint32_t max_packet = 0;  // the server's Maximum Packet Size; 0 = it set none
  bool accept_gzip = false;
  std::size_t max_body_bytes = 24U << 20;  // a larger body is not sent (error 4)
};

// The errors of "Error replies" that are sent; the numbers are those of the wire. (1 and 2 are of 1.37: here such
// questions get an ordinary 404. 5 has nowhere to go, so such a question is not run.)
enum class ErrorReply : std::uint8_t {
  compression = 3,
  too_big = 4,
  timeout = 6,
};

// A reply as it goes out. The payload is what was the answer's body, with everything else put in front of it.
struct FramedReply {
  Bytes payload;   // empty: not even an error reply fits into the server's packets, nothing can be said
  int status = 0;  // http-code of the payload
  std::optional<ErrorReply> error;  // set: the payload is this error reply
  // For the access log: bytes of the body as sent, and before compression.
  std::size_t sent_bytes = 0;
  std::size_t size_bytes = 0;
};

struct ReplyTimes {
  std::int64_t exec_us = 0;  // how long the host took
  std::int64_t now_us = 0;   // wall clock
};

// Below this a gzip member is hardly smaller than what is in it.
inline constexpr std::size_t kSmallestCompressed = 256;

// The ordinary reply. The body is compressed when the asker takes gzip and it is not yet, and unpacked (to at most
// max_body_bytes) when it is compressed and the asker does not take that. Content-Type stays what it is; text that
// comes from the host and could break the head (a line feed in its content type) is replaced by a harmless default.
// Content-Length is the size of the body as sent. Instead of it: ErrorReply compression, too_big. Any thread; the heavy
// part (gzip of a large body) is done on a worker.
[[nodiscard]] FramedReply frame(const Asker &asker, host::Answer answer, const ReplyTimes &times);

// The JSON header alone.
[[nodiscard]] FramedReply frame_error(const Asker &asker, ErrorReply error, std::int64_t now_us);

// To a question whose HTTP part is broken: the JSON header alone, http-code 400, as aclk/query/README.md, "Malformed
// requests", shows it. ("Replies" counts the missing HTTP part among the reference's defects; clouds know this form,
// and whoever asked sent no HTTP.)
[[nodiscard]] FramedReply frame_bad_request(const Asker &asker, std::int64_t now_us);

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

// Which body the host should not exceed, so that its reply has a chance: the head is taken into account roughly.
[[nodiscard]] std::size_t useful_body_bytes(const Asker &asker);

// The answer to a question that was cancelled, waiting or running (aclk/query/README.md, "Cancelling").
[[nodiscard]] HttpResponse interrupted_answer();
// The host could not answer. too_big is not for here: it is ErrorReply::too_big.
[[nodiscard]] HttpResponse failed_answer(const Error &error, const std::string &machine_guid);

}  // namespace aclk::query
