// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/http_request.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "claim/base/text.h"

namespace aclk::query {
namespace {

constexpr std::string_view kEol = "\r\n";
constexpr std::string_view kProtocol = " HTTP/1.1";
constexpr std::array kMethods{std::string_view("GET"), std::string_view("POST"), std::string_view("PUT"),
                              std::string_view("DELETE")};

std::optional<Method> method_of(std::string_view text) {
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    const auto m = kMethods[i];
    if (text.substr(0, m.size()) == m && text.substr(m.size(), 2) == " /") return static_cast<Method>(i);
  }
  return std::nullopt;
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

}  // namespace

std::string_view name(Method m) { return kMethods.at(static_cast<std::size_t>(m)); }

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

std::string_view HttpRequest::header(std::string_view header_name) const {
  const auto it =
      std::find_if(headers.rbegin(), headers.rend(), [&](const HttpHeader &h) { return iequals(h.name, header_name); });
  return it == headers.rend() ? std::string_view{} : std::string_view(it->value);
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
  target.remove_prefix(name(*method).size() + 1);  // method_of() has seen "GET /": a target of at least one slash
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

  if (r.method == Method::post || r.method == Method::put) {
    const auto length = content_length(r);
    if (!length) return tl::unexpected(HttpFault::no_length);
    if (*length > rest.size()) return tl::unexpected(HttpFault::body_short);
    r.body = rest.substr(0, *length);
  }
  return r;
}

}  // namespace aclk::query
