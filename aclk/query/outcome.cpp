// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aclk/query/gzip.h"
#include "claim/base/text.h"

namespace aclk::query {

Outgoing compose_fault(const Asker &asker, Fault fault, std::int64_t now_us) {
  Outgoing out;
  out.status = http_code(fault);
  out.fault = fault;
  out.payload = error_reply(asker, fault, now_us);
  if (!fits(out.payload.size(), asker.topic.size(), asker.max_packet)) out.payload.clear();
  return out;
}

Outgoing compose(const Asker &asker, Answer answer, bool accept_gzip, std::size_t max_body_bytes, std::int64_t exec_us,
                 std::int64_t now_us) {
  Outgoing out;
  const bool packed = answer.content_encoding == "gzip";
  out.size_bytes = packed ? gzip_size_inside(answer.body) : answer.body.size();
  if (packed && !accept_gzip) {
    // An empty body may be called compressed too (plugin-api/external/API.md, "Empty bodies").
    if (!answer.body.empty()) {
      if (gzip_size_inside(answer.body) > max_body_bytes) return compose_fault(asker, Fault::too_big, now_us);
      auto plain = gunzip(answer.body, max_body_bytes);
      if (!plain) return compose_fault(asker, Fault::compression, now_us);
      answer.body = std::move(*plain);
    }
    answer.content_encoding.clear();
  } else if (!packed && accept_gzip && answer.body.size() >= kSmallestCompressed) {
    auto small = gzip(answer.body);
    if (!small) return compose_fault(asker, Fault::compression, now_us);
    if (small->size() < answer.body.size()) {
      answer.body = std::move(*small);
      answer.content_encoding = "gzip";
    }
  }
  if (answer.body.empty()) answer.content_encoding.clear();

  const auto head = reply_head(asker, answer, exec_us, now_us);
  if (answer.body.size() > max_body_bytes ||
      !fits(head.size() + answer.body.size(), asker.topic.size(), asker.max_packet))
    return compose_fault(asker, Fault::too_big, now_us);
  out.status = wire_status(answer.status);
  out.sent_bytes = answer.body.size();
  out.payload.reserve(head.size() + answer.body.size());
  out.payload += head;
  out.payload += answer.body;
  return out;
}

std::size_t useful_body_bytes(const Asker &asker, bool accept_gzip, std::size_t max_body_bytes) {
  // A body that is compressed afterwards may be about this much larger than what goes out (plugin-api/external/API.md,
  // "Headers and encodings": JSON lists shrink to 1/8 to 1/13).
  constexpr std::size_t kTypicalFactor = 16;
  const auto room = largest_payload(asker.topic.size(), asker.max_packet);
  if (!accept_gzip) return std::min(max_body_bytes, room);
  return std::min(max_body_bytes, room > max_body_bytes / kTypicalFactor ? max_body_bytes : room * kTypicalFactor);
}

Answer interrupted_answer() { return json_answer(499, R"({"error": "interrupted" })"); }

Answer failed_answer(const Error &error, const std::string &machine_guid) {
  switch (error.code) {
    case Errc::not_found:
      return text_answer(404, "This netdata does not maintain a database for host: " + html_escape(machine_guid));
    case Errc::cancelled:
      return interrupted_answer();
    case Errc::timeout:
      return text_answer(504, "Query timeout exceeded");
    case Errc::unavailable:
      return text_answer(503, html_escape(error.what));
    case Errc::denied:
      return text_answer(403, html_escape(error.what));
    case Errc::unsupported:
      return text_answer(501, html_escape(error.what));
    default:
      return text_answer(502, html_escape(error.what));
  }
}

}  // namespace aclk::query
