// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whom TLS connections trust: the same for the cloud, its broker and an HTTPS proxy on the way.
#pragma once

#include <string>

namespace aclk::transport {

struct TlsPolicy {
  std::string trust_file;  // PEM, added to the system's store; empty = none
  bool insecure = false;   // no verification at all
};

}  // namespace aclk::transport
