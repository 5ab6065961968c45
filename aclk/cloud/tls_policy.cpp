// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/cloud/tls_policy.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

#include "aclk/cloud/json.h"
#include "claim/base/c_own.h"
#include "claim/trust.h"

namespace aclk::cloud {
namespace {

// OPENSSL_free is a macro, sk_*_pop_free takes two arguments.
void free_names(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }

std::string one_line(const X509_NAME *name) {
  const COwn<BIO, BIO_free> bio(BIO_new(BIO_s_mem()));
  if (!bio || name == nullptr) return {};
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char *text = nullptr;
  const long n = BIO_get_mem_data(bio.get(), &text);
  return n > 0 ? quotable({text, static_cast<std::size_t>(n)}) : std::string();
}

std::string shown(const GENERAL_NAME *name) {
  int type = 0;
  const auto *const value = static_cast<const ASN1_STRING *>(GENERAL_NAME_get0_value(name, &type));
  const auto *const data = ASN1_STRING_get0_data(value);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(value));
  if (type == GEN_DNS) return quotable({reinterpret_cast<const char *>(data), size}, 64);
  std::array<char, INET6_ADDRSTRLEN> ip{};
  if (type == GEN_IPADD && (size == 4 || size == 16) &&
      ::inet_ntop(size == 4 ? AF_INET : AF_INET6, data, ip.data(), ip.size()) != nullptr)
    return ip.data();
  return {};
}

// The first few names that a certificate is made out to.
std::string names_of(const X509 *cert) {
  const COwn<GENERAL_NAMES, free_names> names(
      static_cast<GENERAL_NAMES *>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr)));
  std::string s;
  for (int i = 0, found = 0; names && i < sk_GENERAL_NAME_num(names.get()) && found < 3; ++i) {
    const auto *const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    if (const auto n = shown(name); !n.empty()) {
      s += (s.empty() ? "" : ", ") + n;
      ++found;
    }
  }
  return s;
}

}  // namespace

void TlsPolicy::apply(transport::CurlEasy &easy, const Reach &reach) {
  reach_ = &reach;
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
    if (const auto *const leaf = X509_STORE_CTX_get0_cert(store); leaf != nullptr) {
      p.subject_ = one_line(X509_get_subject_name(leaf));
      p.issuer_ = one_line(X509_get_issuer_name(leaf));
      p.names_ = names_of(leaf);
    }
    if (ok <= 0) {
      const int depth = X509_STORE_CTX_get_error_depth(store);
      p.reason_ = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
      if (depth > 0) p.reason_ += fmt::format(" (at depth {})", depth);
    }
    return ok > 0 ? 1 : 0;
  };
  SSL_CTX_set_cert_verify_callback(ctx, verify, &policy);
  return CURLE_OK;
}

std::string TlsPolicy::explain(CURLcode code) const {
  if (!trust_trouble_.empty()) return trust_trouble_;
  if (!reason_.empty())
    return fmt::format(
        "the certificate of \"{}\", issued by \"{}\", is not trusted: {}; if a proxy opens TLS here or the CA is your "
        "own, "
        "add its certificate to trusted.pem",
        subject_, issuer_, reason_);
  if (code == CURLE_PEER_FAILED_VERIFICATION && !subject_.empty())
    return fmt::format("the certificate is for {}, issued by \"{}\", and not for this host; check the address",
                       names_.empty() ? fmt::format("\"{}\"", subject_) : names_, issuer_);
  return {};
}

}  // namespace aclk::cloud
