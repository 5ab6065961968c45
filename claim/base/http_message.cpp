// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/base/http_message.h"

#include <algorithm>
#include <array>
#include <utility>

#include "claim/base/text.h"

namespace aclk {
namespace {

constexpr std::array kMethodNames{std::string_view("GET"), std::string_view("POST"), std::string_view("PUT"),
                                  std::string_view("DELETE")};

HttpResponse response(int status, std::string_view type, std::string body) {
  HttpResponse r;
  r.status = status;
  r.content_type = type;
  r.body = std::move(body);
  return r;
}

}  // namespace

std::string_view method_name(HttpMethod m) { return kMethodNames.at(static_cast<std::size_t>(m)); }

std::optional<HttpMethod> http_method(std::string_view name) {
  const auto *const it = std::find(kMethodNames.begin(), kMethodNames.end(), name);
  if (it == kMethodNames.end()) return std::nullopt;
  return static_cast<HttpMethod>(it - kMethodNames.begin());
}

std::string_view HttpRequest::header(std::string_view header_name) const {
  const auto it =
      std::find_if(headers.rbegin(), headers.rend(), [&](const HttpHeader &h) { return iequals(h.name, header_name); });
  return it == headers.rend() ? std::string_view{} : std::string_view(it->value);
}

HttpResponse text_response(int status, std::string body) { return response(status, kPlainText, std::move(body)); }
HttpResponse json_response(int status, std::string body) { return response(status, kJsonText, std::move(body)); }

}  // namespace aclk
