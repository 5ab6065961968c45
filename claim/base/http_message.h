// SPDX-License-Identifier: GPL-3.0-or-later
//
// One HTTP request and one HTTP response in memory, the same types from whoever reads one to whoever sends it: they are
// moved, not copied into types of another room. Nothing here reads or writes HTTP.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "claim/base/text.h"

namespace aclk {

enum class HttpMethod : std::uint8_t { get, post, put, del };
inline constexpr std::array<std::string_view, 4> kMethodNames{"GET", "POST", "PUT", "DELETE"};
[[nodiscard]] inline std::string_view method_name(HttpMethod m) { return kMethodNames.at(static_cast<std::size_t>(m)); }
// In capital letters; nullopt for all others.
[[nodiscard]] inline std::optional<HttpMethod> http_method(std::string_view name) {
  const auto *const it = std::find(kMethodNames.begin(), kMethodNames.end(), name);
  if (it == kMethodNames.end()) return std::nullopt;
  return static_cast<HttpMethod>(it - kMethodNames.begin());
}

struct HttpHeader {
  std::string name;  // as written; compare with iequals
  std::string value;
  bool operator==(const HttpHeader &) const = default;
};

struct HttpRequest {
  HttpMethod method = HttpMethod::get;
  std::string target{};  // path and query string, as written, begins with '/'
  std::vector<HttpHeader> headers{};
  std::string body{};

  // Value of the last header of that name (any case), empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view header_name) const {
    const auto it = std::find_if(headers.rbegin(), headers.rend(),
                                 [&](const HttpHeader &h) { return iequals(h.name, header_name); });
    return it == headers.rend() ? std::string_view{} : std::string_view(it->value);
  }
};

struct HttpResponse {
  int status = 0;
  std::string content_type{};
  std::string content_encoding{};  // empty or gzip: only what can be undone is passed on
  std::string cache_control{};     // empty = must not be kept
  std::string location{};          // of a 301, percent-encoded
  std::string allow{};             // of a 405
  std::string body{};              // any bytes
};

inline constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
inline constexpr std::string_view kJsonText = "application/json; charset=utf-8";

[[nodiscard]] inline HttpResponse text_response(int status, std::string body) {
  return {.status = status, .content_type = std::string(kPlainText), .body = std::move(body)};
}
[[nodiscard]] inline HttpResponse json_response(int status, std::string body) {
  return {.status = status, .content_type = std::string(kJsonText), .body = std::move(body)};
}

// Whoever makes a body that may be large leaves so much more capacity: its head can then be put in front of it without
// a second buffer.
inline constexpr std::size_t kHeadRoom = 2048;

}  // namespace aclk
