// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whom to trust: the system's CAs (SSL_CERT_FILE and SSL_CERT_DIR honoured) and the certificates of one file more, the
// trusted.pem or cloud_fullchain.pem of cloud.d (protocol.md 1.2). The same for the claim and for every later leg.
#pragma once

#include <filesystem>

#include "claim/base/result.h"

namespace aclk::claim {

// Gives an SSL_CTX (passed as void *, since no OpenSSL type leaves this header) a store of its own with both. A file
// that ends in an intermediate, as a "full chain" may, is enough: partial chains are accepted. trust_file empty: none.
// Fails with tls when the file cannot be read or holds no certificate; the context is then unchanged.
[[nodiscard]] Result<void> trust_system_and(void *ssl_ctx, const std::filesystem::path &trust_file);

// Does the file hold at least one certificate? The same error as above if not.
[[nodiscard]] Result<void> check_trust_file(const std::filesystem::path &trust_file);

}  // namespace aclk::claim
