// SPDX-License-Identifier: GPL-3.0-or-later
//
// The PUT that claims a node, as a blocking call (claim/README.md, "Claim request"). A door to the outside: claim_node
// gets it as a function (aclk/net/claim_put.h).
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "claim/base/result.h"
#include "claim/proxy.h"

namespace aclk::claim {

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
