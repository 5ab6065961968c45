// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/curl_tls.h"

#include <openssl/ssl.h>

#include <utility>

#include "aclk/loop/clock.h"
#include "aclk/net/fault.h"
#include "aclk/net/reach_memory.h"
#include "claim/trust.h"

namespace aclk::net {

void CurlTls::apply(CurlEasy &easy, TlsPolicy policy, const claim::Proxy &proxy, std::string host, std::uint16_t port) {
  policy_ = std::move(policy);
  target_.peer = "https " + session_peer(host_port(host, port), policy_, proxy);
  target_.host = std::move(host);
  // The store is made in prepare(). The file is named here too because libcurl compares it when it looks for a
  // connection to reuse: one that was trusted because of another file is not for us.
  const char *const file = policy_.insecure || policy_.trust_file.empty() ? nullptr : policy_.trust_file.c_str();
  const long peer = policy_.insecure ? 0 : 1;
  const long name = policy_.insecure ? 0 : 2;
  easy.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  easy.set(CURLOPT_SSL_VERIFYPEER, peer);
  easy.set(CURLOPT_SSL_VERIFYHOST, name);
  easy.set(CURLOPT_CAPATH, static_cast<const char *>(nullptr));
  easy.set(CURLOPT_CAINFO, file);
  easy.set(CURLOPT_CA_CACHE_TIMEOUT, 0L);     // a cached store would replace ours
  easy.set(CURLOPT_SSL_SESSIONID_CACHE, 0L);  // ends with the multi handle; ours (reach_memory.h) does not
  easy_ = &easy;
  easy.set(CURLOPT_SSL_CTX_FUNCTION, on_context);
  easy.set(CURLOPT_SSL_CTX_DATA, this);
  if (proxy.kind != claim::ProxyKind::https) return;
  proxy_.host = proxy.host;
  proxy_.peer = "proxy " + session_peer(host_port(proxy.host, proxy.port), policy_, proxy);
  easy.set(CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  easy.set(CURLOPT_PROXY_SSL_VERIFYPEER, peer);
  easy.set(CURLOPT_PROXY_SSL_VERIFYHOST, name);
  easy.set(CURLOPT_PROXY_CAPATH, static_cast<const char *>(nullptr));
  easy.set(CURLOPT_PROXY_CAINFO, file);
}

// Called for each TLS connection, the one with the proxy included. libcurl does not say which it is: the target's is
// the one that comes after the proxy has granted the tunnel.
CURLcode CurlTls::on_context(CURL *easy, void *ssl_ctx, void *self) {
  auto &tls = *static_cast<CurlTls *>(self);
  tls.easy_->note_connection();
  long connect_status = 0;
  if (!tls.proxy_.host.empty()) curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
  const bool with_proxy = !tls.proxy_.host.empty() && connect_status / 100 != 2;
  return tls.prepare(ssl_ctx, with_proxy ? tls.proxy_ : tls.target_);
}

CURLcode CurlTls::prepare(void *ssl_ctx, Side &side) {
  auto *const ctx = static_cast<SSL_CTX *>(ssl_ctx);
  side.begun = true;
  // The context lives as long as the connection, this object only as long as the transfer: no later handshake.
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
  side.trust = TlsTrust::unverified;
  if (!remember(ctx, side)) return CURLE_OUT_OF_MEMORY;
  if (policy_.insecure) return CURLE_OK;
  const auto trusted = policy_.memory ? policy_.memory->trust(ctx, policy_.trust_file)
                                      : claim::trust_system_and(ctx, policy_.trust_file);
  if (const auto &r = trusted; !r) {
    trust_trouble_ = r.error().what;
    return CURLE_SSL_CACERT_BADFILE;
  }
  const auto verify = [](X509_STORE_CTX *store, void *user) {
    auto &s = *static_cast<Side *>(user);
    int ok = X509_verify_cert(store);
    // libcurl looks at the name itself, after us; for an address that is only the common name, it says yes.
    if (ok > 0 && !is_for_host(X509_STORE_CTX_get0_cert(store), s.host)) {
      ok = 0;
      X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
    }
    if (ok > 0) {
      s.trust = TlsTrust::verified;
      return 1;
    }
    s.refused = outcome_of(store, s.host);
    s.refused->of_proxy = s.is_proxy;
    return 0;
  };
  SSL_CTX_set_cert_verify_callback(ctx, verify, &side);
  return CURLE_OK;
}

// False: out of memory.
bool CurlTls::remember(SSL_CTX *ctx, Side &side) {
  if (!policy_.memory) return true;
  const auto sessions = policy_.memory->sessions().attach(ctx);
  if (!sessions) return false;
  sessions->peer = side.peer;
  // As the handshake that made the session: one that did not verify makes none for a verified peer.
  if (!policy_.insecure) sessions->resumed = [&side] { side.trust = TlsTrust::verified; };
  return true;
}

Fault CurlTls::explain(CURLcode code, const std::string &libcurl) const {
  if (!trust_trouble_.empty()) return {Error{Errc::tls, trust_trouble_}, Cause::trust_store};
  if (target_.refused)
    return {Error{Errc::tls, net::explain(*target_.refused, target_.host, loop::wall_us() / 1'000'000).sentence},
            Cause::certificate};
  if (code == CURLE_PEER_FAILED_VERIFICATION) return {Error{Errc::tls, libcurl}, Cause::certificate};
  return {Error{Errc::tls, explain_handshake(libcurl)}, Cause::handshake};
}

std::optional<Fault> CurlTls::proxy_fault(CURLcode code, const std::string &libcurl) const {
  if (!is_tls_error(code) || !proxy_.begun || target_.begun) return std::nullopt;
  if (!trust_trouble_.empty()) return Fault{Error{Errc::tls, trust_trouble_}, Cause::trust_store};
  const auto fault = [](const std::string &what) { return Fault{Error{Errc::proxy, what}, Cause::proxy}; };
  constexpr const char *kWhose = "it is the proxy's own certificate, not the cloud's: ";
  if (proxy_.refused)
    return fault(kWhose + net::explain(*proxy_.refused, proxy_.host, loop::wall_us() / 1'000'000).sentence);
  if (code == CURLE_PEER_FAILED_VERIFICATION) return fault(kWhose + libcurl);
  return fault(explain_handshake(libcurl) + "; a proxy that does not speak TLS itself is written http://");
}

bool is_tls_error(CURLcode code) {
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_INITFAILED:
      return true;
    default:
      return false;
  }
}

}  // namespace aclk::net
