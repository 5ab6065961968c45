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

#include "claim/base/result.h"

namespace aclk::query {

// An HTTP answer before it is framed: from the host, or made here.

struct Answer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string content_encoding;  // empty or gzip
  std::string cache_control;     // empty = must not be kept
  std::string location;          // of a 301, percent-encoded
  std::string allow;             // of a 405
  std::string body;              // any bytes
};

[[nodiscard]] inline Answer text_answer(int status, std::string body) {
  Answer a;
  a.status = status;
  a.body = std::move(body);
  return a;
}

[[nodiscard]] inline Answer json_answer(int status, std::string body) {
  Answer a = text_answer(status, std::move(body));
  a.content_type = "application/json; charset=utf-8";
  return a;
}

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

// From an answer to the bytes that go out: compression to what the asker takes, the size check, the fault replies.
// Pure, any thread; the heavy part (gzip of a large body, the copy into the payload) is done on a worker.

struct Outgoing {
  std::string payload;         // empty: not even the fault reply fits into the server's packets, nothing can be said
  int status = 0;              // http-code of the payload
  std::optional<Fault> fault;  // set: the payload is this fault reply
  // For the access log: bytes of the body as sent, and before compression.
  std::size_t sent_bytes = 0;
  std::size_t size_bytes = 0;
};

// Below this a gzip member is hardly smaller than what is in it.
inline constexpr std::size_t kSmallestCompressed = 256;

// The body is compressed when the asker takes gzip and it is not yet, and unpacked (to at most max_body_bytes) when it
// is compressed and the asker does not take that. Content-Type stays what it is. Faults: compression, too_big.
[[nodiscard]] Outgoing compose(const Asker &asker, Answer answer, bool accept_gzip, std::size_t max_body_bytes,
                               std::int64_t exec_us, std::int64_t now_us);
[[nodiscard]] Outgoing compose_fault(const Asker &asker, Fault fault, std::int64_t now_us);

// Which body the host should not exceed, so that its reply has a chance: the head is taken into account roughly.
[[nodiscard]] std::size_t useful_body_bytes(const Asker &asker, bool accept_gzip, std::size_t max_body_bytes);

// The answer to a question that was cancelled, waiting or running (aclk/query/README.md, "Cancelling").
[[nodiscard]] Answer interrupted_answer();
// The host could not answer. too_big is not for here: it is Fault::too_big.
[[nodiscard]] Answer failed_answer(const Error &error, const std::string &machine_guid);

}  // namespace aclk::query
