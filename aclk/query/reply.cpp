// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "aclk/query/gzip.h"
#include "claim/base/text.h"

namespace aclk::query {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::size_t kPublishOverhead = 64;
// MQTT 5 section 1.5.5: the largest remaining length a packet can state.
constexpr std::size_t kMqttLimit = 268'435'455;
constexpr std::string_view kNoCache = "no-cache, no-store, must-revalidate";

struct ErrorRow {
  ErrorReply error;
  int http_code;
  std::string_view description;
};
constexpr std::array kErrors{
    // aclk/query/README.md, "Error replies"
    ErrorRow{ErrorReply::compression, 500, "Error during zlib compression"},
    ErrorRow{ErrorReply::too_big, 413, "Request reply produces message bigger than allowed maximum"},
    ErrorRow{ErrorReply::timeout, 503, "Timeout sending binpacked message"},
};
const ErrorRow &row(ErrorReply e) { return *std::ranges::find(kErrors, e, &ErrorRow::error); }

struct Phrase {
  int status;
  std::string_view text;
};
constexpr std::array kPhrases{
    // sorted by status
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{204, "No Content"},
    Phrase{206, "Partial Content"},
    Phrase{301, "Moved Permanently"},
    Phrase{302, "Found"},
    Phrase{304, "Not Modified"},
    Phrase{307, "Temporary Redirect"},
    Phrase{308, "Permanent Redirect"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{409, "Conflict"},
    Phrase{410, "Gone"},
    Phrase{412, "Precondition Failed"},
    Phrase{413, "Content Too Large"},
    Phrase{414, "URI Too Long"},
    Phrase{429, "Too Many Requests"},
    Phrase{451, "Unavailable For Legal Reasons"},
    Phrase{499, "Client Closed Request"},
    Phrase{500, "Internal Server Error"},
    Phrase{501, "Not Implemented"},
    Phrase{502, "Bad Gateway"},
    Phrase{503, "Service Unavailable"},
    Phrase{504, "Gateway Timeout"},
};
static_assert(std::ranges::is_sorted(kPhrases, {}, &Phrase::status));

std::string json_string(std::string_view text) {
  // Came out of a JSON parser, so it is UTF-8; `replace` only makes sure that this cannot throw.
  return nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The keys that all replies begin with.
std::string common_keys(const Asker &a, std::int64_t now_us) {
  return fmt::format(
      R"({{"type":"http","msg-id":{},"timestamp":{},"timestamp-offset-usec":{},"connect":{},"connect-offset-usec":{},"version":2)",
      json_string(a.msg_id), now_us / kSecond, now_us % kSecond, a.session_us / kSecond, a.session_us % kSecond);
}

// The whole header of a reply that is no error reply.
std::string ordinary_header(const Asker &a, int status, const ReplyTimes &times) {
  return fmt::format("{},\"t-exec\":{},\"t-rx\":{},\"http-code\":{}}}", common_keys(a, times.now_us), times.exec_us,
                     a.received_us, status);
}

// A value for a head line that the host supplied: it must not be able to end the line.
std::string_view safe(std::string_view value, std::string_view otherwise) {
  constexpr std::size_t kMaxValueBytes = 256;
  return value.empty() || value.size() > kMaxValueBytes || has_control(value) ? otherwise : value;
}

// Everything before the body.
std::string reply_head(const Asker &asker, const host::Answer &whole, const ReplyTimes &times) {
  const auto &answer = whole.head;
  const int status = wire_status(answer.status);
  const auto date = http_date(times.now_us / kSecond);
  const auto cache = safe(answer.cache_control, kNoCache);
  auto out = fmt::format(
      "{}\r\n\r\n"
      "HTTP/1.1 {} {}\r\n"
      "Connection: close\r\n"
      "Server: Netdata Embedded HTTP Server {}\r\n"
      "Access-Control-Allow-Origin: *\r\n"
      "Access-Control-Allow-Credentials: true\r\n"
      "Date: {}\r\n"
      "Content-Type: {}\r\n"
      "Cache-Control: {}\r\n",
      ordinary_header(asker, status, times), status, reason_phrase(status), safe(asker.agent_version, ""), date,
      safe(answer.content_type, "application/octet-stream"), cache);
  // An answer that may be kept says for how long in Cache-Control itself.
  if (cache == kNoCache) out += fmt::format("Pragma: no-cache\r\nExpires: {}\r\n", date);
  if (!answer.location.empty()) out += fmt::format("Location: {}\r\n", answer.location);
  if (!answer.allow.empty()) out += fmt::format("Allow: {}\r\n", answer.allow);
  if (answer.content_encoding == "gzip") out += "Content-Encoding: gzip\r\n";
  out += fmt::format("Content-Length: {}\r\nX-Transaction-ID: {}\r\n\r\n", whole.body.size(), asker.transaction);
  return out;
}

// The JSON header as a whole reply; not even that, if it does not fit.
FramedReply header_alone(const Asker &asker, int status, std::string header) {
  FramedReply out;
  out.status = status;
  if (fits(header.size(), asker.topic.size(), asker.max_packet)) out.payload = std::move(header);
  return out;
}

}  // namespace

FramedReply frame_error(const Asker &asker, ErrorReply error, std::int64_t now_us) {
  const auto &r = row(error);
  auto out = header_alone(
      asker, r.http_code,
      fmt::format(R"({},"http-code":{},"error-code":{},"error-description":{}}})", common_keys(asker, now_us),
                  r.http_code, static_cast<int>(error), json_string(r.description)));
  out.error = error;
  return out;
}

FramedReply frame_bad_request(const Asker &asker, std::int64_t now_us) {
  constexpr int kBadRequest = 400;
  return header_alone(asker, kBadRequest, ordinary_header(asker, kBadRequest, {.exec_us = 0, .now_us = now_us}));
}

std::size_t largest_payload(std::size_t topic_bytes, std::uint32_t max_packet) {
  const std::size_t limit = max_packet == 0 ? kMqttLimit : std::min<std::size_t>(max_packet, kMqttLimit);
  return limit > topic_bytes + kPublishOverhead ? limit - topic_bytes - kPublishOverhead : 0;
}

bool fits(std::size_t payload_bytes, std::size_t topic_bytes, std::uint32_t max_packet) {
  return payload_bytes <= largest_payload(topic_bytes, max_packet);
}

int wire_status(int status) { return status >= 200 && status <= 599 ? status : 500; }

std::string_view reason_phrase(int status) {
  const auto it = std::ranges::lower_bound(kPhrases, status, {}, &Phrase::status);
  return it != kPhrases.end() && it->status == status ? it->text : "Unknown";
}

std::string http_date(std::int64_t seconds) {
  static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  using namespace std::chrono;
  // The years that the calendar below and four digits can do.
  const sys_seconds t{std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 253'402'300'799))};
  const auto day = floor<days>(t);
  const year_month_day ymd{day};
  const hh_mm_ss time{t - day};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays.at(weekday{day}.c_encoding()),
                     static_cast<unsigned>(ymd.day()), kMonths.at(static_cast<unsigned>(ymd.month()) - 1),
                     static_cast<int>(ymd.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

FramedReply frame(const Asker &asker, host::Answer answer, const ReplyTimes &times) {
  const auto error = [&](ErrorReply e) { return frame_error(asker, e, times.now_us); };
  FramedReply out;
  auto &body = answer.body;
  auto &encoding = answer.head.content_encoding;
  const bool packed = encoding == "gzip";
  out.size_bytes = packed ? gzip_size_inside(body.view()) : body.size();
  if (packed && !asker.accept_gzip) {
    // An empty body may be called compressed too (plugin-api/external/API.md, "Empty bodies").
    if (!body.empty()) {
      if (out.size_bytes > asker.max_body_bytes) return error(ErrorReply::too_big);
      auto plain = gunzip(body.view(), asker.max_body_bytes);
      if (!plain) return error(ErrorReply::compression);
      body = std::move(*plain);
    }
    encoding.clear();
  } else if (!packed && asker.accept_gzip && body.size() >= kSmallestCompressed) {
    auto small = gzip(body.view());
    if (!small) return error(ErrorReply::compression);
    if (small->size() < body.size()) {
      body = std::move(*small);
      encoding = "gzip";
    }
  }
  if (body.empty()) encoding.clear();

  const auto head = reply_head(asker, answer, times);
  out.sent_bytes = body.size();
  if (out.sent_bytes > asker.max_body_bytes ||
      !fits(head.size() + out.sent_bytes, asker.topic.size(), asker.max_packet))
    return error(ErrorReply::too_big);
  out.status = wire_status(answer.head.status);
  out.payload = std::move(body);
  out.payload.prepend(head);
  return out;
}

std::size_t useful_body_bytes(const Asker &asker) {
  // A body that is compressed afterwards may be about this much larger than what goes out (plugin-api/external/API.md,
  // "Headers and encodings": JSON lists shrink to 1/8 to 1/13).
  constexpr std::size_t kTypicalFactor = 16;
  const auto room = largest_payload(asker.topic.size(), asker.max_packet);
  const auto most = asker.max_body_bytes;
  if (!asker.accept_gzip) return std::min(most, room);
  return std::min(most, room > most / kTypicalFactor ? most : room * kTypicalFactor);
}

HttpResponse interrupted_answer() { return json_response(499, R"({"error": "interrupted" })"); }

HttpResponse failed_answer(const Error &error, const std::string &machine_guid) {
  switch (error.code) {
    case Errc::not_found:
      return text_response(404, "This netdata does not maintain a database for host: " + html_escape(machine_guid));
    case Errc::cancelled:
      return interrupted_answer();
    case Errc::timeout:
      return text_response(504, "Query timeout exceeded");
    case Errc::unavailable:
      return text_response(503, html_escape(error.what));
    case Errc::denied:
      return text_response(403, html_escape(error.what));
    case Errc::unsupported:
      return text_response(501, html_escape(error.what));
    default:
      return text_response(502, html_escape(error.what));
  }
}

}  // namespace aclk::query
