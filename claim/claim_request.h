// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is sent to the cloud to claim a node (claim/README.md, "Claim request"). Pure.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"
#include "claim/proxy.h"

namespace aclk::claim {

struct ClaimRequest {
  std::string claim_id;  // new for every attempt
  std::string hostname;
  std::string token;  // secret
  std::vector<std::string> rooms;
  std::string public_key;  // the whole text of public.pem
  std::string machine_guid;
};

// "a, b,,c" is three rooms: items are trimmed, empty ones dropped.
[[nodiscard]] std::vector<std::string> split_rooms(std::string_view comma_list);

// The token without white space around it. Fails when it is empty, longer than 4096 characters, or holds anything but
// printable ASCII without spaces (a whole file pasted by mistake, for one), or begins with '/', as the path of a secret
// does; the sentence never shows it.
[[nodiscard]] Result<std::string> checked_token(std::string_view text);

// The cloud URL as it is stored. It may have a path. Fails for what parse_url refuses, for a query or a fragment, and
// for any scheme but https; http only when `insecure`, since the token would travel in clear text.
[[nodiscard]] Result<std::string> checked_cloud_url(std::string_view text, bool insecure);

// `cloud_url` as checked_cloud_url gave it.
[[nodiscard]] std::string claim_url(std::string_view cloud_url, std::string_view claim_id);

// Minified JSON. Text that is not UTF-8 (host names) has its bad bytes replaced.
[[nodiscard]] std::string claim_body(const ClaimRequest &request);

// The PUT that claims a node, as a blocking call (claim/README.md, "Claim request"). A door to the outside: claim_node
// gets it as a function (aclk/net/claim_put.h).

inline constexpr std::chrono::seconds kClaimConnectTimeout{5};
inline constexpr std::chrono::seconds kClaimTimeout{10};  // the whole request

struct ClaimCall {
  std::string url;
  std::string body;  // JSON; holds the token
  Proxy proxy;
  bool insecure = false;   // neither chain nor host name verified
  std::string trust_file;  // added to the system's CAs; empty = none
  // Looked at about each second, on the calling thread; true: give up. Empty: nobody can ask for that.
  std::function<bool()> interrupted{};
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

using HttpPut = std::function<Result<HttpAnswer>(const ClaimCall &)>;

}  // namespace aclk::claim
