// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why a server's certificate is not accepted, in one sentence of its own for each case: expired, not yet valid, for
// another host, of an unknown issuer, made by a box on the way. The same for HTTPS and for the broker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

struct x509_st;
struct x509_store_ctx_st;

namespace aclk::net {

// What is worth telling about a certificate. All texts are fit for a log line.
struct Certificate {
  std::string subject;       // "CN = host.example"
  std::string issuer;        // "O = Some Org, CN = Some CA"
  std::string organisation;  // O of the issuer, else its CN
  std::string names;         // the first few host names and addresses it is for
  std::int64_t from_s = 0;   // epoch
  std::int64_t to_s = 0;
};
[[nodiscard]] Certificate describe(const x509_st *certificate);

enum class CertificateFault : std::uint8_t { expired, not_yet_valid, wrong_host, unknown_issuer, interception, other };

struct CertificateTrouble {
  CertificateFault kind = CertificateFault::other;
  std::string sentence;  // begins in lower case: the second half of one
};

// What OpenSSL found: its error number for the certificate at `depth` (0 = the server's own). Pure.
struct VerifyOutcome {
  int error = 0;  // X509_V_ERR_...
  int depth = 0;
  Certificate leaf;
  Certificate culprit;           // the one at `depth`
  bool leaf_is_for_host = true;  // by name or address
  bool of_proxy = false;         // of an HTTPS proxy itself, not of what is behind it
};
[[nodiscard]] CertificateTrouble explain(const VerifyOutcome &outcome, std::string_view host, std::int64_t now_s);

// After a verification that failed, from inside OpenSSL's callback.
[[nodiscard]] VerifyOutcome outcome_of(x509_store_ctx_st *store, const std::string &host);

// By name, or by address if `host` is one.
[[nodiscard]] bool is_for_host(x509_st *certificate, const std::string &host);

}  // namespace aclk::net
