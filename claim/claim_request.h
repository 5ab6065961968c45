// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is sent to the cloud to claim a node (claim/README.md, "Claim request"). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"

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

}  // namespace aclk::claim
