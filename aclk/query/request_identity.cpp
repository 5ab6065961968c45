// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/request_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "claim/base/uuid.h"

namespace aclk::query {
namespace {

constexpr std::size_t kMaxValueBytes = 256;
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

RequestIdentity identify(const HttpRequest &request, const std::string &transaction) {
  RequestIdentity c;
  if (const auto id = parse_uuid(request.header("X-Netdata-Account-Id")))
    c.headers.emplace_back("X-Netdata-Account-Id", *id);
  const auto role = request.header("X-Netdata-Role");
  if (std::find(kRoles.begin(), kRoles.end(), role) != kRoles.end()) {
    c.role = role;
    c.headers.emplace_back("X-Netdata-Role", c.role);
  }
  if (const auto bits = parse_hex(request.header("X-Netdata-Permissions"))) {
    c.permissions = *bits;
    c.headers.emplace_back("X-Netdata-Permissions", fmt::format("{:x}", *bits));
  }
  // Free text; the request parser has let no control character through.
  for (const auto *const free : {"X-Netdata-User-Name", "Content-Type"}) {
    const auto value = request.header(free);
    if (!value.empty() && value.size() <= kMaxValueBytes) c.headers.emplace_back(free, value);
  }
  c.headers.emplace_back("X-Transaction-ID", transaction);
  return c;
}

}  // namespace aclk::query
