// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the connections of one link remember of those before, so that a reconnect is cheaper than the first. In memory
// only; gone with the link, and so with its identity and its settings. Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "aclk/net/address_order.h"
#include "aclk/net/tls_sessions.h"
#include "claim/base/result.h"
#include "claim/proxy.h"
#include "claim/trust_cache.h"

struct ssl_ctx_st;

namespace aclk::net {

class ReachMemory {
 public:
  // claim::TrustCache::give(). When other CAs are trusted than before, no session of before is offered any more.
  [[nodiscard]] Result<void> trust(ssl_ctx_st *ctx, const std::string &trust_file);
  [[nodiscard]] TlsSessions &sessions() { return sessions_; }
  [[nodiscard]] GoodAddresses &addresses() { return addresses_; }

 private:
  claim::TrustCache trust_;
  TlsSessions sessions_;
  GoodAddresses addresses_;
};

struct TlsPolicy;

// Whom TLS is spoken with, and all that decides whether it is believed: the text that sessions are kept under
// (TlsSessions::Attachment), behind a word for the library that verifies: neither believes the other's verdict. `via`:
// the proxy in between; none when the peer is the proxy itself.
[[nodiscard]] std::string session_peer(std::string_view host_port, const TlsPolicy &policy, const claim::Proxy &via);

}  // namespace aclk::net
