// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/local_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "claim/base/text.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxMethod = 16;

LocalRequest refuse(int status) { return {status, {}, {}, {}}; }

bool is_method(std::string_view m) {
  return !m.empty() && m.size() <= kMaxMethod && std::ranges::all_of(m, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_target(std::string_view t) {
  return t.starts_with('/') && std::ranges::all_of(t, [](char c) { return c > ' ' && c < 0x7f; });
}

// What the header lines say of the body. A status, or 0 with its length.
int body_length(std::string_view lines, std::size_t &length) {
  std::optional<std::size_t> seen;
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find("\r\n"));
    lines.remove_prefix(std::min(lines.size(), line.size() + 2));
    const auto colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return 400;
    const auto name = line.substr(0, colon);
    if (name.find_first_of(" \t") != std::string_view::npos) return 400;
    if (iequals(name, "transfer-encoding")) return 501;
    if (!iequals(name, "content-length")) continue;
    const auto value = trimmed(line.substr(colon + 1), kBlanks);
    std::size_t n = 0;
    const auto r = std::from_chars(value.data(), value.data() + value.size(), n);
    if (r.ec == std::errc::result_out_of_range) return 413;
    if (r.ec != std::errc{} || r.ptr != value.data() + value.size() || (seen && *seen != n)) return 400;
    seen = n;
  }
  length = seen.value_or(0);
  return 0;
}

const char *phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return status < 400 ? "Reply" : "Error";
  }
}

}  // namespace

LocalRequest parse_local_request(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return refuse(bytes.size() >= kMaxLocalRequest ? 413 : 0);
  const auto body_at = end + 4;
  if (body_at > kMaxLocalRequest) return refuse(413);
  const auto first = bytes.substr(0, bytes.find("\r\n"));
  const auto space = first.find(' ');
  const auto last = first.rfind(' ');
  if (space == std::string_view::npos || space == last) return refuse(400);
  const auto method = first.substr(0, space);
  const auto target = first.substr(space + 1, last - space - 1);
  const auto version = first.substr(last + 1);
  if (!is_method(method) || !is_target(target)) return refuse(400);
  if (!version.starts_with("HTTP/")) return refuse(400);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(505);
  std::size_t length = 0;
  const auto lines = first.size() == end ? std::string_view{} : bytes.substr(first.size() + 2, end - first.size() - 2);
  if (const int status = body_length(lines, length); status != 0) return refuse(status);
  if (length > kMaxLocalRequest - body_at) return refuse(413);
  if (bytes.size() - body_at < length) return refuse(0);
  const auto mark = target.find('?');
  LocalRequest r;
  r.status = 200;
  r.method = method;
  r.path = target.substr(0, mark);
  if (mark != std::string_view::npos) r.query = target.substr(mark + 1);
  return r;
}

std::string local_response(const HttpResponse &r) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nServer: aclk.plugin\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-cache, "
      "no-store, must-revalidate\r\nConnection: close\r\n\r\n{}",
      r.status, phrase(r.status), r.content_type, r.body.size(), r.body);
}

HttpResponse local_error(int status, std::string_view sentence) {
  nlohmann::json j;
  j["error"] = sentence;
  return json_response(status, j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace aclk::external
