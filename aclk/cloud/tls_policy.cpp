// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/cloud/tls_policy.h"

#include <openssl/ssl.h>

#include <utility>

#include "aclk/loop/clock.h"
#include "aclk/transport/handshake.h"
#include "claim/trust.h"

namespace aclk::cloud {
void TlsPolicy::apply(transport::CurlEasy &easy, const Reach &reach, std::string host) {
  reach_ = &reach;
  host_ = std::move(host);
  easy.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  easy.set(CURLOPT_SSL_VERIFYPEER, reach.insecure ? 0L : 1L);
  easy.set(CURLOPT_SSL_VERIFYHOST, reach.insecure ? 0L : 2L);
  easy.set(CURLOPT_CAPATH, static_cast<const char *>(nullptr));
  // The store is made in on_context. The file is named here too because libcurl compares it when it looks for a
  // connection to reuse: one that was trusted because of another file is not for us.
  easy.set(CURLOPT_CAINFO, reach.insecure || reach.trust_file.empty() ? nullptr : reach.trust_file.c_str());
  easy.set(CURLOPT_CA_CACHE_TIMEOUT, 0L);  // a cached store would replace ours
  easy.set(CURLOPT_SSL_CTX_FUNCTION, on_context);
  easy.set(CURLOPT_SSL_CTX_DATA, this);
}

CURLcode TlsPolicy::on_context(CURL * /*easy*/, void *ssl_ctx, void *self) {
  auto &policy = *static_cast<TlsPolicy *>(self);
  auto *const ctx = static_cast<SSL_CTX *>(ssl_ctx);
  policy.begun_ = true;
  // The context lives as long as the connection, this object only as long as the request: no later handshake.
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
  if (policy.reach_->insecure) return CURLE_OK;
  if (auto r = claim::trust_system_and(ctx, policy.reach_->trust_file); !r) {
    policy.trust_trouble_ = r.error().what;
    return CURLE_SSL_CACERT_BADFILE;
  }
  const auto verify = [](X509_STORE_CTX *store, void *user) {
    auto &p = *static_cast<TlsPolicy *>(user);
    const int ok = X509_verify_cert(store);
    if (ok <= 0) {
      p.refused_ = transport::outcome_of(store, p.host_);
    } else if (!transport::is_for_host(X509_STORE_CTX_get0_cert(store), p.host_)) {
      // libcurl looks at the name itself, after us, and says no; here is what it will not tell.
      p.refused_ = transport::outcome_of(store, p.host_);
      p.refused_->error = X509_V_ERR_HOSTNAME_MISMATCH;
    }
    return ok > 0 ? 1 : 0;
  };
  SSL_CTX_set_cert_verify_callback(ctx, verify, &policy);
  return CURLE_OK;
}

transport::Fault TlsPolicy::explain(CURLcode code, const std::string &libcurl) const {
  using transport::Cause;
  if (!trust_trouble_.empty()) return {Error{Errc::tls, trust_trouble_}, Cause::trust_store};
  if (refused_)
    return {Error{Errc::tls, transport::explain(*refused_, host_, loop::wall_us() / 1'000'000).sentence},
            Cause::certificate};
  if (code == CURLE_PEER_FAILED_VERIFICATION) return {Error{Errc::tls, libcurl}, Cause::certificate};
  return {Error{Errc::tls, transport::explain_handshake(libcurl)}, Cause::handshake};
}

}  // namespace aclk::cloud
