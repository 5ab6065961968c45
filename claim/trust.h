// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whom to trust: the system's CAs (SSL_CERT_FILE and SSL_CERT_DIR honoured) and the certificates of one file more, the
// trusted.pem or cloud_fullchain.pem of cloud.d (claim/README.md, "Trust"). The same for the claim, the login, the
// link, and an HTTPS proxy on their way.
#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "claim/base/c_own.h"
#include "claim/base/result.h"
#include "claim/proxy.h"

namespace aclk::claim {

// Gives an SSL_CTX (a void * for callers without OpenSSL's headers) a store of its own with both. A file
// that ends in an intermediate, as a "full chain" may, is enough: partial chains are accepted. trust_file empty: none.
// Fails with tls when the file cannot be read or holds no certificate; the context is then unchanged.
[[nodiscard]] Result<void> trust_system_and(void *ssl_ctx, const std::filesystem::path &trust_file);

// What somebody has put into cloud.d and the environment for that.
struct TrustChoice {
  std::optional<std::filesystem::path> file;  // trusted.pem, else cloud_fullchain.pem; none of them need be there
  // Somebody has said whom to trust, and it cannot be used: which file, why, the next step. Empty: all is well.
  std::string trouble{};
};

// Looks at DIR (the agent's cloud.d), and at SSL_CERT_FILE and SSL_CERT_DIR. Opens files, as the user that runs this.
[[nodiscard]] TrustChoice choose_trust(const std::filesystem::path &dir, const Getenv &getenv);

// The store of trust_system_and(), read once and shared by all contexts for as long as none of its files changes: to
// read a system's CAs takes 30 ms. One thread.
class TrustCache {
 public:
  // As trust_system_and(), for the same errors.
  [[nodiscard]] Result<void> give(void *ssl_ctx, const std::filesystem::path &trust_file);
  // How often a store was read: another number than before means that another set of CAs is trusted now.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  COwn<X509_STORE, X509_STORE_free> store_;
  std::string files_;  // what they looked like
  std::uint64_t generation_ = 0;
};

// All that a store is read from, as the file system shows it: the trust file, and the system's file and directories
// with what lies in them. Another text means that something was changed, added or taken away.
[[nodiscard]] std::string look_of_trust(const std::filesystem::path &trust_file);

}  // namespace aclk::claim
