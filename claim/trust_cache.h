// SPDX-License-Identifier: GPL-3.0-or-later
//
// The store of trust_system_and(), read once and shared by all contexts for as long as none of its files changes: to
// read a system's CAs takes 30 ms. One thread.
#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "claim/base/c_own.h"
#include "claim/base/result.h"

namespace aclk::claim {

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
