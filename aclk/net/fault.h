// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why a connection could not be made, or was not kept: the error with what really was the matter, why a certificate was
// not accepted, and why a TLS handshake failed otherwise. Each case has a sentence of its own, for HTTPS and the broker
// alike, because users are shown different words for causes that share an Errc (aclk/session/README.md, "Status
// codes").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "claim/base/result.h"

struct x509_st;
struct x509_store_ctx_st;
// OpenSSL's SSL and SSL_CTX, without its headers.
struct ssl_st;
struct ssl_ctx_st;

namespace aclk::net {

enum class Cause : std::uint8_t {
  other,        // what Error::code says, and no more
  dns,          // the name of the host (not of the proxy) cannot be resolved
  refused,      // ECONNREFUSED
  unreachable,  // no route, or none out of this machine
  no_socket,    // this machine gives none: descriptors, address family
  timeout,      // no TCP connection in time
  proxy,        // the proxy, or the way to it
  no_memory,
  write_failed,  // the request could not be sent
  trust_store,   // the trust file or the system's store cannot be read
  handshake,     // TLS, but not the certificate: version, plain text, cut midway
  no_handshake,  // connected, and no end of the TLS handshake in time
  certificate,
};

struct Fault : Error {
  Fault() = default;
  explicit(false) Fault(Error e, Cause c = Cause::other) : Error(std::move(e)), cause(c) {}
  Cause cause = Cause::other;

  // What is left when the cause does not matter any more.
  [[nodiscard]] Error error() const { return {code, what}; }
};

template <class T>
using Reached = tl::expected<T, Fault>;

[[nodiscard]] inline tl::unexpected<Fault> unreached(Errc code, std::string what, Cause cause) {
  return tl::unexpected<Fault>(Fault(Error{code, std::move(what)}, cause));
}

// What users are shown of a certificate. All texts are fit for a log line.
struct Certificate {
  std::string subject;       // "CN = host.example"
  std::string issuer;        // "O = Some Org, CN = Some CA"
  std::string organisation;  // O of the issuer, else its CN
  std::string names;         // the first few host names and addresses it is for
  std::int64_t from_s = 0;   // epoch
  std::int64_t to_s = 0;
};
[[nodiscard]] Certificate describe(const x509_st *certificate);

// Why a server's certificate is not accepted. interception: a box on the way has made it.
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

// Listens to the handshakes of one SSL_CTX for those that fail, and not for the certificate: of these libwebsockets
// prints the number of SSL_get_error() as if it were an error code. Must outlive the SSL_CTX. One handshake at a time.
// Attached after TlsSessions, which get the events through it.
class HandshakeWatch {
 public:
  // False: out of memory.
  [[nodiscard]] bool attach(ssl_ctx_st *ctx);
  void forget() {
    begun_ = false;
    reason_.clear();
  }
  // There was one since forget().
  [[nodiscard]] bool begun() const { return begun_; }
  // OpenSSL's or the system's text of the last failure since forget(); empty if there was none.
  [[nodiscard]] const std::string &reason() const { return reason_; }

 private:
  static void on_info(const ssl_st *ssl, int where, int result);
  bool begun_ = false;
  std::string reason_;
};

// A clause for users: what it means and what to do. `reason`: of OpenSSL, the system, or libcurl; "" means that the
// connection ended and nobody said more.
[[nodiscard]] std::string explain_handshake(std::string_view reason);

}  // namespace aclk::net
