// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whom to trust: the system's CAs (SSL_CERT_FILE and SSL_CERT_DIR honoured) and the certificates of one file more, the
// trusted.pem or cloud_fullchain.pem of cloud.d (claim/README.md, "Trust"). The same for the claim, the login, the
// link, and an HTTPS proxy on their way.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "claim/base/result.h"
#include "claim/proxy.h"

namespace aclk::claim {

// Gives an SSL_CTX (passed as void *, since no OpenSSL type leaves this header) a store of its own with both. A file
// that ends in an intermediate, as a "full chain" may, is enough: partial chains are accepted. trust_file empty: none.
// Fails with tls when the file cannot be read or holds no certificate; the context is then unchanged.
[[nodiscard]] Result<void> trust_system_and(void *ssl_ctx, const std::filesystem::path &trust_file);

struct TrustChoice {
  std::optional<std::filesystem::path> file;  // trusted.pem, else cloud_fullchain.pem; none of them need be there
  // Somebody has said whom to trust, and it cannot be used: which file, why, the next step. Empty: all is well.
  std::string trouble{};
};

// Looks at DIR (the agent's cloud.d), and at SSL_CERT_FILE and SSL_CERT_DIR. Opens files, as the user that runs this.
[[nodiscard]] TrustChoice choose_trust(const std::filesystem::path &dir, const Getenv &getenv);

}  // namespace aclk::claim
