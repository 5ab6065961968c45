// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/http_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "claim/base/text.h"
#include "claim/base/uuid.h"

namespace aclk::query {
namespace {

constexpr std::string_view kEol = "\r\n";
constexpr std::string_view kProtocol = " HTTP/1.1";
std::optional<HttpMethod> method_of(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos || text.substr(space, 2) != " /") return std::nullopt;
  return http_method(text.substr(0, space));
}

std::optional<HttpHeader> parse_header(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const auto key = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1), kBlanks);
  if (key.find_first_of(" \t") != std::string_view::npos || has_control(key) || has_control(value)) return std::nullopt;
  return HttpHeader{std::string(key), std::string(value)};
}

// Several lengths that agree are one; several that differ are none, because nobody can say where the body ends.
std::optional<std::size_t> content_length(const HttpRequest &r) {
  std::optional<std::size_t> length;
  for (const auto &h : r.headers) {
    if (!iequals(h.name, "Content-Length")) continue;
    std::size_t n = 0;
    const auto *const end = h.value.data() + h.value.size();
    const auto got = std::from_chars(h.value.data(), end, n);
    if (h.value.empty() || got.ec != std::errc{} || got.ptr != end || (length && *length != n)) return std::nullopt;
    length = n;
  }
  return length;
}

constexpr std::size_t kMaxFreeTextBytes = 256;
constexpr std::array kRoles{std::string_view("admin"),          std::string_view("manager"),
                            std::string_view("troubleshooter"), std::string_view("observer"),
                            std::string_view("member"),         std::string_view("billing")};

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  std::uint64_t v = 0;
  const auto *const end = text.data() + text.size();
  const auto got = std::from_chars(text.data(), end, v, 16);
  if (text.empty() || got.ec != std::errc{} || got.ptr != end) return std::nullopt;
  return v;
}

}  // namespace

std::string_view sentence(HttpFault f) {
  switch (f) {
    case HttpFault::head_open:
      return "The head of the request does not end with an empty line.";
    case HttpFault::head_too_big:
      return "The head of the request is larger than this link takes.";
    case HttpFault::no_length:
      return "A POST or PUT request needs one valid Content-Length.";
    case HttpFault::body_short:
      return "The body of the request is shorter than its Content-Length.";
    case HttpFault::method:
    case HttpFault::protocol:
      break;
  }
  return "";
}

tl::expected<HttpRequest, HttpFault> parse_http_request(std::string_view text) {
  const auto method = method_of(text);
  if (!method) return tl::unexpected(HttpFault::method);
  auto eol = text.find(kEol);
  if (eol == std::string_view::npos || !text.substr(0, eol).ends_with(kProtocol))
    return tl::unexpected(HttpFault::protocol);

  HttpRequest r;
  r.method = *method;
  auto target = text.substr(0, eol - kProtocol.size());
  target.remove_prefix(method_name(*method).size() +
                       1);  // method_of() has seen "GET /": a target of at least one slash
  if (target.size() > kMaxTargetBytes) return tl::unexpected(HttpFault::head_too_big);
  r.target = target;

  auto rest = text.substr(eol + kEol.size());
  for (std::size_t lines = 0;; ++lines) {
    eol = rest.find(kEol);
    if (eol == std::string_view::npos) return tl::unexpected(HttpFault::head_open);
    const auto line = rest.substr(0, eol);
    rest.remove_prefix(eol + kEol.size());
    if (line.empty()) break;
    if (lines >= kMaxHeaderLines || text.size() - rest.size() > kMaxHeadBytes)
      return tl::unexpected(HttpFault::head_too_big);
    if (auto h = parse_header(line)) r.headers.push_back(std::move(*h));
  }

  if (r.method == HttpMethod::post || r.method == HttpMethod::put) {
    const auto length = content_length(r);
    if (!length) return tl::unexpected(HttpFault::no_length);
    if (*length > rest.size()) return tl::unexpected(HttpFault::body_short);
    r.body = rest.substr(0, *length);
  }
  return r;
}

RequestIdentity take_identity(HttpRequest &request, std::string_view transaction) {
  RequestIdentity who;
  std::vector<HttpHeader> passed;
  if (auto id = parse_uuid(request.header("X-Netdata-Account-Id")))
    passed.push_back({"X-Netdata-Account-Id", std::move(*id)});
  const auto role = request.header("X-Netdata-Role");
  if (std::find(kRoles.begin(), kRoles.end(), role) != kRoles.end()) {
    who.role = role;
    passed.push_back({"X-Netdata-Role", who.role});
  }
  if (const auto bits = parse_hex(request.header("X-Netdata-Permissions"))) {
    who.permissions = *bits;
    passed.push_back({"X-Netdata-Permissions", fmt::format("{:x}", *bits)});
  }
  // Free text; the request parser has let no control character through.
  for (const auto *const free : {"X-Netdata-User-Name", "Content-Type"}) {
    const auto value = request.header(free);
    if (!value.empty() && value.size() <= kMaxFreeTextBytes) passed.push_back({free, std::string(value)});
  }
  passed.push_back({"X-Transaction-ID", std::string(transaction)});
  request.headers = std::move(passed);
  return who;
}

}  // namespace aclk::query
