// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "claim/base/text.h"
#include "claim/base/url.h"
#include "claim/ini.h"

namespace aclk::claim {
namespace {

constexpr std::size_t kMaxToken = 4096;
constexpr std::string_view kPath = "api/v1/spaces/nodes/";

}  // namespace

std::vector<std::string> split_rooms(std::string_view list) {
  std::vector<std::string> rooms;
  for (;;) {
    const auto comma = list.find(',');
    if (const auto room = trimmed(list.substr(0, comma)); !room.empty()) rooms.emplace_back(room);
    if (comma == std::string_view::npos) return rooms;
    list.remove_prefix(comma + 1);
  }
}

Result<std::string> checked_token(std::string_view text) {
  const auto token = trimmed(text);
  if (token.empty()) return fail(Errc::invalid_argument, "the claiming token is empty");
  if (token.starts_with('/'))
    return fail(Errc::invalid_argument,
                "the claiming token begins with '/': it looks like the name of a file. The token itself belongs there; "
                "netdata-aclk claim --token-file FILE reads one");
  if (token.size() > kMaxToken)
    return fail(Errc::invalid_argument, fmt::format("the claiming token is longer than {} characters", kMaxToken));
  const bool plain = std::all_of(token.begin(), token.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (!plain)
    return fail(Errc::invalid_argument, "the claiming token holds a space, a line feed or a character outside ASCII");
  return std::string(token);
}

Result<std::string> checked_cloud_url(std::string_view text, bool insecure) {
  const auto t = trimmed(text);
  ACLK_TRY(const auto url, parse_url(t));
  if (url.path.find_first_of("?#") != std::string::npos)
    return fail(Errc::parse, fmt::format("\"{}\" is not the URL of a cloud: it has a query or a fragment", t));
  if (url.scheme == "http" && !insecure)
    return fail(Errc::denied, fmt::format("\"{}\" would send the claiming token unencrypted. Use https, or --insecure "
                                          "if that is what you want",
                                          t));
  if (url.scheme != "https" && url.scheme != "http")
    return fail(Errc::parse, fmt::format("\"{}\" is not the URL of a cloud: it must begin with https://", t));
  return url.path == "/" ? url.origin() : url.str();
}

std::string claim_url(std::string_view cloud_url, std::string_view claim_id) {
  return fmt::format("{}{}{}{}", cloud_url, cloud_url.ends_with('/') ? "" : "/", kPath, claim_id);
}

std::string claim_body(const ClaimRequest &r) {
  const nlohmann::json body{
      {"node", {{"id", r.claim_id}, {"hostname", r.hostname}}},
      {"token", r.token},
      {"rooms", r.rooms},
      {"publicKey", r.public_key},
      {"mGUID", r.machine_guid},
  };
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace aclk::claim
