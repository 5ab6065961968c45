// SPDX-License-Identifier: GPL-3.0-or-later
//
// One HTTP request and one HTTP response in memory, the same types from whoever reads one to whoever sends it: they are
// moved, not copied into types of another room. Nothing here reads or writes HTTP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aclk {

enum class HttpMethod : std::uint8_t { get, post, put, del };
[[nodiscard]] std::string_view method_name(HttpMethod m);
// In capital letters; nullopt for all others.
[[nodiscard]] std::optional<HttpMethod> http_method(std::string_view name);

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
  [[nodiscard]] std::string_view header(std::string_view header_name) const;
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

[[nodiscard]] HttpResponse text_response(int status, std::string body);
[[nodiscard]] HttpResponse json_response(int status, std::string body);

// Whoever makes a body that may be large leaves so much more capacity: its head can then be put in front of it without
// a second buffer.
inline constexpr std::size_t kHeadRoom = 2048;

}  // namespace aclk
