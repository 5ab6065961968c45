// SPDX-License-Identifier: GPL-3.0-or-later
//
// A zoo of certificates, made in memory. P-256 keys: fast.
#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "claim/base/c_own.h"
#include "claim/base/files.h"
#include "tests/unit/temp_dir.h"

namespace aclk::test {

using Key = COwn<EVP_PKEY, EVP_PKEY_free>;
using Cert = COwn<X509, X509_free>;
using ServerContext = COwn<SSL_CTX, SSL_CTX_free>;

struct LeafSpec {
  std::string name = "localhost";                         // CN
  std::string san = "DNS:localhost,IP:127.0.0.1,IP:::1";  // OpenSSL's way of writing it; empty: none
  long from_s = -3600;                                    // relative to now
  long to_s = 3600;
};

class Ca {
 public:
  explicit Ca(const std::string &name);
  [[nodiscard]] std::string pem() const;
  // For a server, with key and certificate in it. max_version: 0, or TLS1_1_VERSION and the like.
  [[nodiscard]] ServerContext server(const LeafSpec &spec = {}, int max_version = 0) const;

 private:
  Key key_;
  Cert cert_;
};

// A PEM file for one test.
class PemFile {
 public:
  explicit PemFile(const std::string &text) { (void)write_file_atomically(path(), text, 0600); }
  [[nodiscard]] std::string path() const { return dir_ / "trusted.pem"; }

 private:
  TempDir dir_;
};

}  // namespace aclk::test
