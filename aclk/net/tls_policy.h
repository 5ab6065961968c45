// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whom TLS connections trust: the same for the cloud, its broker and an HTTPS proxy on the way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace aclk::net {

// What became of it in a handshake.
enum class TlsTrust : std::uint8_t {
  none,        // no TLS, or no handshake
  unverified,  // anybody could be there: insecure
  verified,    // chain and host name
};

class ReachMemory;

struct TlsPolicy {
  std::string trust_file;                 // PEM, added to the system's store; empty = none
  bool insecure = false;                  // no verification at all
  std::shared_ptr<ReachMemory> memory{};  // nullptr: each connection begins anew
};

}  // namespace aclk::net
