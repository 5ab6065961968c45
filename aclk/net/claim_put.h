// SPDX-License-Identifier: GPL-3.0-or-later
//
// The claim's PUT by libcurl, over the same ways and with the same trust as everything else here.
#pragma once

#include "claim/claim_request.h"

namespace aclk::net {

// Blocks, for kClaimTimeout at most. Redirects are not followed; TLS 1.2 or newer; only the proxy of the call is used,
// never the environment's. A status 102 is the answer only when no final one follows before the deadline.
// Errors: dns, tcp, proxy, tls, timeout, cancelled, too_big (body above kMaxAnswerBytes), parse, unavailable; without
// secrets.
[[nodiscard]] Result<claim::HttpAnswer> put_claim(const claim::ClaimCall &call);

}  // namespace aclk::net
